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

    def test_guessing_passwords_is_slowed_down(self):
        statuses = []
        for number in range(40):
            answer = self.stack.anonymous().post("/api/v1/login", {
                "username": "sign.in3", "password": f"wrong password {number}"})
            statuses.append(answer.status)
            if answer.status == 429:
                self.assertGreater(int(answer.header("Retry-After")), 0)
                return
        self.fail(f"40 wrong passwords were answered without a wait: {statuses}")


if __name__ == "__main__":
    unittest.main()
