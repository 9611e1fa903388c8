# SPDX-License-Identifier: Apache-2.0
"""Attack: a superuser of the database makes a session, moves an account, gives a role or a password: the server must not
believe rows that it did not seal."""

import base64
import hashlib
import secrets
import time
import unittest

from stack import SharedTest, problem


class SuperuserIdentity(SharedTest):
    def account_id(self, username):
        return self.stack.sql(f"select id from sanjeh.account where username = '{username}'")

    def status(self, client):
        return client.get("/api/v1/me").status

    def until(self, client, status):
        """The server hears of the change by a notification: at most two seconds."""
        for _ in range(40):
            if self.status(client) == status:
                break
            time.sleep(0.05)
        self.assertEqual(self.status(client), status)

    def seals_broken(self):
        return self.stack.log().count("authn.seal.broken")

    def test_an_inserted_session_is_none(self):
        self.stack.client("hrd.manager")  # there is a real one to copy the seal from
        token = secrets.token_bytes(32)
        before = self.seals_broken()
        self.stack.sql(f"""
            insert into sanjeh.session (id, token_hash, account_id, factors, seal, created_at, expires_at)
            select gen_random_uuid(), '\\x{hashlib.sha256(token).hexdigest()}', s.account_id, s.factors, s.seal, s.created_at,
                s.expires_at
            from sanjeh.session s where s.account_id = '{self.account_id("hrd.manager")}' limit 1""")
        text = base64.urlsafe_b64encode(token).decode().rstrip("=")
        problem(self, self.stack.anonymous(token=text).get("/api/v1/me"), 401, "UNAUTHENTICATED")
        problem(self, self.stack.anonymous(token=text).get("/api/v1/judges"), 401, "UNAUTHENTICATED")
        self.assertGreater(self.seals_broken(), before)

    def test_a_moved_account_and_an_added_role_are_refused(self):
        answer = self.stack.sign_in("sign.in15")
        client = self.stack.anonymous(token=answer.json()["token"])
        password = self.stack.accounts["sign.in15"]["password"]
        account = self.account_id("sign.in15")
        forgeries = (
            ("update sanjeh.account set unit_id = (select id from sanjeh.unit where code = 'HRD')",
             "update sanjeh.account set unit_id = (select id from sanjeh.unit where code = 'AGO')", "id"),
            ("insert into sanjeh.role_assignment (account_id, role) select id, 'security-officer' from sanjeh.account",
             "delete from sanjeh.role_assignment where role = 'security-officer' and", "account_id"))
        for forge, undo, column in forgeries:
            self.until(client, 200)
            self.stack.sql(f"{forge} where id = '{account}'")
            self.until(client, 401)
            problem(self, self.stack.anonymous().post("/api/v1/login", {"username": "sign.in15", "password": password}),
                    401, "LOGIN_FAILED")
            self.stack.sql(f"{undo} {'where' if column == 'id' else ''} {column} = '{account}'")
            self.until(client, 200)  # nothing but the row was the reason

    def test_a_foreign_session_row_and_a_foreign_password_are_refused(self):
        answer = self.stack.sign_in("sign.in16")
        client = self.stack.anonymous(token=answer.json()["token"])
        session = client.get("/api/v1/me").json()["session"]["id"]
        thief, victim = self.account_id("sign.in16"), self.account_id("hrd.contributor")
        self.stack.sql(f"update sanjeh.session set account_id = '{victim}' where id = '{session}'")
        # the cache may still hold the thief's own session, never the victim's
        answer = client.get("/api/v1/me")
        self.assertTrue(answer.status == 401 or answer.json()["account"]["username"] == "sign.in16", answer)
        self.stack.sql("notify session_revoked, 'everything'")
        self.until(client, 401)
        self.stack.sql(f"update sanjeh.session set account_id = '{thief}', expires_at = expires_at + interval '1 year' "
                       f"where id = '{session}'")
        self.assertEqual(self.status(client), 401)
        kept = self.stack.sql(f"select salt, tag, seal from sanjeh.password where account_id = '{victim}'").split("|")
        self.stack.sql(f"update sanjeh.password v set salt = o.salt, tag = o.tag, seal = o.seal from sanjeh.password o "
                       f"where o.account_id = '{thief}' and v.account_id = '{victim}'")
        answer = self.stack.anonymous().post("/api/v1/login", {
            "username": "hrd.contributor", "password": self.stack.accounts["sign.in16"]["password"]})
        problem(self, answer, 401, "LOGIN_FAILED")
        self.stack.sql("update sanjeh.password set salt = '{}', tag = '{}', seal = '{}' where account_id = '{}'".format(
            *kept, victim))
        answer = self.stack.anonymous().post("/api/v1/login", {
            "username": "hrd.contributor", "password": self.stack.accounts["hrd.contributor"]["password"]})
        self.assertEqual(answer.status, 200, answer)


if __name__ == "__main__":
    unittest.main()
