# SPDX-License-Identifier: Apache-2.0
"""Does signing in behave as CONTRACT 2 says: two factors, one answer for every refusal, sessions that die at once?"""

import json
import unittest

from stack import SharedTest, problem, recorded


class SignIn(SharedTest):
    def login(self, username, password, **kw):
        return self.stack.anonymous().post("/api/v1/login", {"username": username, "password": password}, **kw)

    def test_two_factors_give_a_session(self):
        account = self.stack.accounts["sign.in1"]
        first = self.login("sign.in1", account["password"])
        self.assertEqual(first.status, 200, first)
        recorded(self, first)
        document = first.json()
        self.assertIn("totp", document["methods"])
        self.assertRegex(document["expires_at"], r"^\d{4}-\d\d-\d\dT[\d:.]+Z$")
        second = self.stack.anonymous().post("/api/v1/login/second-factor", {
            "challenge": document["challenge"], "method": "totp", "code": self.stack.book("sign.in1").next_code()})
        self.assertEqual(second.status, 200, second)
        recorded(self, second)
        cookies = second.all("Set-Cookie")
        session = next(value for value in cookies if value.startswith("__Host-sanjeh="))
        device = next(value for value in cookies if value.startswith("__Host-sanjeh-device="))
        for cookie in (session, device):
            for attribute in ("Secure", "HttpOnly", "Path=/", "SameSite="):
                self.assertIn(attribute, cookie)
            self.assertNotIn("Domain", cookie)
        answer = self.stack.anonymous(token=second.json()["token"]).get("/api/v1/me")
        self.assertEqual(answer.status, 200, answer)
        me = answer.json()
        self.assertEqual(me["account"]["username"], "sign.in1")
        self.assertEqual(me["account"]["display_name"], "آزمون ورود 1")
        self.assertEqual((me["unit"], me["compartment"], me["roles"]), ("AGO", None, ["unit-contributor"]))
        self.assertIsNone(me["judge_id"])
        self.assertEqual(me["factors"], ["password", "totp"])
        self.assertLessEqual({"id", "expires_at", "idle_expires_at"}, set(me["session"]))
        self.assertTrue(me["csrf_token"])

    def test_every_refusal_is_one_answer(self):
        right = self.stack.accounts["sign.in2"]["password"]
        answers = [self.login("nobody.here", "a wrong password 123"), self.login("sign.in2", "a wrong password 123"),
                   self.login("sign.in2", right[:-1]), self.login("SIGN IN2", "x" * 12)]
        bodies = set()
        for answer in answers:
            document = problem(self, answer, 401, "LOGIN_FAILED")
            recorded(self, answer)
            del document["request_id"]
            bodies.add(json.dumps(document, sort_keys=True))
        self.assertEqual(len(bodies), 1, bodies)

    def test_a_wrong_code_is_refused_and_recorded(self):
        account = self.stack.accounts["sign.in3"]
        challenge = self.login("sign.in3", account["password"]).json()["challenge"]
        for code in ("000000", "12345", "abcdef", "1234567", "۱۲۳۴۵۶"):
            answer = self.stack.anonymous().post("/api/v1/login/second-factor",
                                                 {"challenge": challenge, "method": "totp", "code": code})
            self.assertIn(answer.status, (401, 422), answer)
            recorded(self, answer)

    def test_a_challenge_opens_nothing_but_the_second_step(self):
        account = self.stack.accounts["sign.in4"]
        challenge = self.login("sign.in4", account["password"]).json()["challenge"]
        problem(self, self.stack.anonymous(token=challenge).get("/api/v1/me"), 401, "UNAUTHENTICATED")

    def test_logout_ends_the_session_at_once(self):
        answer = self.stack.sign_in("sign.in5")
        client = self.stack.anonymous(token=answer.json()["token"])
        self.assertEqual(client.get("/api/v1/me").status, 200)
        out = client.post("/api/v1/logout")
        self.assertEqual(out.status, 204, out)
        recorded(self, out)
        self.assertEqual(out.body, b"")
        problem(self, client.get("/api/v1/me"), 401, "UNAUTHENTICATED")

    def test_sessions_are_listed_and_ended(self):
        first = self.stack.anonymous(token=self.stack.sign_in("sign.in6").json()["token"])
        second = self.stack.anonymous(token=self.stack.sign_in("sign.in6").json()["token"])
        sessions = first.get("/api/v1/sessions").json()["items"]
        self.assertEqual(len(sessions), 2, sessions)
        other = second.get("/api/v1/me").json()["session"]["id"]
        self.assertIn(other, [session["id"] for session in sessions])
        gone = first.delete(f"/api/v1/sessions/{other}", headers={"If-Match": "*"})
        self.assertEqual(gone.status, 204, gone)
        problem(self, second.get("/api/v1/me"), 401, "UNAUTHENTICATED")
        self.assertEqual(first.get("/api/v1/me").status, 200)

    def test_another_accounts_session_is_not_there(self):
        mine = self.stack.client("hrd.manager")
        theirs = self.stack.client("sit.manager").get("/api/v1/me").json()["session"]["id"]
        answer = mine.delete(f"/api/v1/sessions/{theirs}", headers={"If-Match": "*"})
        problem(self, answer, 404, "NOT_FOUND")
        self.assertEqual(self.stack.client("sit.manager").get("/api/v1/me").status, 200)

    def test_a_cookie_needs_the_csrf_token_on_unsafe_methods(self):
        answer = self.stack.sign_in("sign.in7")
        cookie = next(value.split(";")[0] for value in answer.all("Set-Cookie") if value.startswith("__Host-sanjeh="))
        browser = self.stack.anonymous()
        me = browser.get("/api/v1/me", headers={"Cookie": cookie})
        self.assertEqual(me.status, 200, me)
        problem(self, browser.post("/api/v1/logout", headers={"Cookie": cookie}), 403, "CSRF_REQUIRED")
        problem(self, browser.post("/api/v1/logout", headers={"Cookie": cookie, "X-CSRF-Token": "A" * 43}), 403, "CSRF_REQUIRED")
        out = browser.post("/api/v1/logout", headers={"Cookie": cookie, "X-CSRF-Token": me.json()["csrf_token"]})
        self.assertEqual(out.status, 204, out)

    def test_passwords_secrets_and_tokens_are_not_in_the_log_file(self):
        log = self.stack.log()
        for account in self.stack.accounts.values():
            self.assertNotIn(account["password"], log)
            self.assertNotIn(account["totp_secret"], log)

    def test_tokens_stand_only_as_hashes_in_the_database(self):
        token = self.stack.sign_in("sign.in8").json()["token"]
        dump = self.stack.sql("select s::text from sanjeh.session s")
        self.assertTrue(dump)
        self.assertNotIn(token, dump)
        import base64
        self.assertNotIn(base64.urlsafe_b64decode(token + "=").hex(), dump)


if __name__ == "__main__":
    unittest.main()
