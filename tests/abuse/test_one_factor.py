# SPDX-License-Identifier: Apache-2.0
"""Attack: somebody has the password alone, or a code alone, and tries to act (I5)."""

import unittest

from stack import SharedTest, problem


class OneFactor(SharedTest):
    def test_the_password_alone_opens_nothing(self):
        account = self.stack.accounts["sc.manager"]
        answer = self.stack.anonymous().post("/api/v1/login", {"username": "sc.manager", "password": account["password"]})
        self.assertEqual(answer.status, 200, answer)
        self.assertNotIn("token", answer.json())
        self.assertEqual(answer.all("Set-Cookie"), [], "no cookie before the second factor")
        challenge = answer.json()["challenge"]
        for header in ({"Authorization": f"Bearer {challenge}"}, {"Cookie": f"__Host-sanjeh={challenge}"}):
            problem(self, self.stack.anonymous().get("/api/v1/judges", headers=header), 401, "UNAUTHENTICATED")

    def test_a_code_alone_opens_nothing(self):
        code = self.stack.book("sc.manager").next_code()
        for challenge in ("A" * 43, "", "x", "A" * 4000):
            answer = self.stack.anonymous().post("/api/v1/login/second-factor",
                                                 {"challenge": challenge, "method": "totp", "code": code})
            self.assertIn(answer.status, (401, 422), answer)
            self.assertEqual(answer.all("Set-Cookie"), [])

    def test_the_second_step_cannot_be_left_out_by_another_method(self):
        account = self.stack.accounts["sc.manager"]
        challenge = self.stack.anonymous().post("/api/v1/login", {
            "username": "sc.manager", "password": account["password"]}).json()["challenge"]
        for method in ("password", "none", "", "TOTP", "recovery", "webauthn"):
            answer = self.stack.anonymous().post("/api/v1/login/second-factor",
                                                 {"challenge": challenge, "method": method, "code": "000000"})
            self.assertIn(answer.status, (401, 422), (method, answer))

    def test_guessing_codes_is_stopped(self):
        account = self.stack.accounts["sign.in4"]
        challenge = self.stack.anonymous().post("/api/v1/login", {
            "username": "sign.in4", "password": account["password"]}).json()["challenge"]
        for number in range(6):
            answer = self.stack.anonymous().post("/api/v1/login/second-factor",
                                                 {"challenge": challenge, "method": "totp", "code": f"{number:06d}"})
            self.assertIn(answer.status, (401, 429), answer)
        right = self.stack.book("sign.in4").next_code()
        answer = self.stack.anonymous().post("/api/v1/login/second-factor",
                                             {"challenge": challenge, "method": "totp", "code": right})
        self.assertIn(answer.status, (401, 429), "the challenge must be dead after five wrong codes")

    def login(self, username, password, headers=None):
        return self.stack.anonymous().post("/api/v1/login", {"username": username, "password": password}, headers=headers)

    def test_guessing_passwords_closes_the_door_to_strangers_alone(self):
        """After ten wrong passwords the right one is refused too, with the same answer; a browser that has signed in before
        is not locked out by that."""
        password = self.stack.accounts["sign.in13"]["password"]
        signed_in = self.stack.sign_in("sign.in13")
        self.assertEqual(signed_in.status, 200, signed_in)
        device = next(value.split(";")[0] for value in signed_in.all("Set-Cookie") if value.startswith("__Host-sanjeh-device="))
        for number in range(12):
            problem(self, self.login("sign.in13", f"wrong password {number}"), 401, "LOGIN_FAILED")
        problem(self, self.login("sign.in13", password), 401, "LOGIN_FAILED")
        self.assertEqual(self.login("sign.in13", password, {"Cookie": device}).status, 200)
        problem(self, self.login("sign.in13", password, {"Cookie": "__Host-sanjeh-device=" + "A" * 43}), 401, "LOGIN_FAILED")


if __name__ == "__main__":
    unittest.main()
