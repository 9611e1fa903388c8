# SPDX-License-Identifier: Apache-2.0
"""INCITS 359 AddUser and DeleteUser: an account takes two administrators and an enrolment that works once; a closed one is closed everywhere,
for good. Nobody but the person knows the factors."""

import unittest
import uuid

from approval_case import approve, ask
from rbac_case import ROSTER, RbacTest, problem
from sanjeh_client import CodeBook

RBAC = "/api/v1/rbac/"
PASSWORD = "نام-عبور-دراز-۱۴۰۵-x"


class Users(RbacTest):
    parts = {}  # of each account: what its approver was told
    ACCOUNTS = ("admin.one", "security.officer", "hrd.manager")

    def administrator(self):
        """A fresh second administrator: a code works once, and a test does not wait for the next."""
        type(self).made += 1
        name = f"admin.no{self.made}"
        self.stack.add_accounts({name: ("-", "-", "administrator", "راهبر دیگر")})
        return name

    def wanted(self, **more):
        type(self).made += 1
        return {"username": f"new.no{self.made}", "role": "member", **more}

    def approved(self, parameters, account=None):
        account = account or str(uuid.uuid4())
        made = ask(self.stack, "admin.one", "account:create", account, parameters)
        self.assertEqual(made.status, 201, made)
        done = approve(self.stack, self.administrator(), made)
        self.assertEqual((done.status, done.json()["state"]), (200, "approved"), done)
        self.parts[account] = done.json()["enrolment_part"]
        return {"account_id": account, "approval_id": made.json()["id"], "display_name": "کارمند تازه", **parameters}

    def add(self, body, client=None):
        return (client or self.admin).post(RBAC + "AddUser", body)

    def enrol(self, made, password=PASSWORD, **more):
        body = {"enrolment": made["enrolment"], "part": self.parts[made["account_id"]], "username": made["username"], "password": password, **more}
        return self.stack.anonymous().post("/api/v1/enrolments", body)

    def test_a_reset_takes_two_administrators_and_both_factors(self):
        """Who has lost a factor: an enrolment in two parts, for the account as it is, once; the old factors, sessions and half-made sign-ins are
        gone. Nobody resets himself, and nobody approves his own."""
        told = self.add(self.approved(self.wanted(unit="HRD", role="unit-contributor"))).json()
        secret = self.enrol(told).json()["totp_secret"]
        which, path = told["account_id"], f"/api/v1/accounts/{told['account_id']}/reset"
        signed_in = self.stack.anonymous(token=self.stack.anonymous().sign_in(told["username"], PASSWORD, CodeBook(secret)).json()["token"])
        self.assertEqual(signed_in.get("/api/v1/me").status, 200)
        half = self.stack.anonymous().post("/api/v1/login", {"username": told["username"], "password": PASSWORD}).json()["challenge"]
        problem(self, self.admin.post(path, {"approval_id": which}), 409, "GUARD_UNMET")
        version = int(self.stack.sql(f"select version from sanjeh.account where id = '{which}'"))
        other = ask(self.stack, "admin.one", "account:reset", which, {"version": version - 1})
        made = ask(self.stack, "admin.one", "account:reset", which, {"version": version})
        self.assertEqual(made.status, 201, made)
        body = {"approval_id": made.json()["id"]}
        problem(self, self.admin.post(path, body), 409, "GUARD_UNMET")
        done = approve(self.stack, self.administrator(), made)
        self.assertEqual(done.json()["state"], "approved")
        self.assertEqual(approve(self.stack, self.administrator(), other).json()["state"], "approved")
        problem(self, self.admin.post(path, {"approval_id": other.json()["id"]}), 409, "GUARD_UNMET")
        problem(self, self.admin.post(path.replace(which, self.stack.accounts["hrd.manager"]["id"]), body), 409, "GUARD_UNMET")
        problem(self, self.stack.client("hrd.manager").post(path, body), 403, "FORBIDDEN")
        again = self.admin.post(path, body)
        self.assertEqual(again.status, 200, again)
        self.assertEqual(signed_in.get("/api/v1/me").status, 401, "the session was the old factors'")
        self.assertEqual(self.stack.sql(f"""select (select count(*) from sanjeh.password where account_id = '{which}')
            + (select count(*) from sanjeh.totp where account_id = '{which}')
            + (select count(*) from sanjeh.login_challenge where account_id = '{which}')"""), "0", half)
        problem(self, self.stack.anonymous().post("/api/v1/login", {"username": told["username"], "password": PASSWORD}), 401, "LOGIN_FAILED")
        problem(self, self.enrol(told), 401)
        problem(self, self.enrol(again.json(), "نام-عبور-دیگری-۱۴۰۵-y"), 401, "LOGIN_FAILED")  # with the part of the account's first approver
        self.parts[which] = done.json()["enrolment_part"]
        self.assertEqual(self.enrol(again.json(), "نام-عبور-دیگری-۱۴۰۵-y").status, 200)
        problem(self, self.admin.post(path, body), 409, "GUARD_UNMET")
        own = self.stack.accounts["admin.one"]["id"]
        problem(self, self.admin.post(f"/api/v1/accounts/{own}/reset", body), 403)

    def test_nobody_approves_his_own_reset(self):
        """Under another account of his, too."""
        sent = self.stack.client("hrd.manager").post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        self.assertEqual(sent.status, 201, sent)
        self.stack.add_accounts({"admin.judge": ("HRD", "-", "administrator", "راهبر", "HRD:R-001", "person"),
                                 "admin.same": ("HRD", "-", "administrator", "همان شخص", "HRD:R-001", "person")})
        which = self.stack.accounts["admin.judge"]["id"]
        made = ask(self.stack, "admin.one", "account:reset", which, {"version": 1})
        for name in ("admin.judge", "admin.same"):
            document = problem(self, approve(self.stack, name, made), 409, "GUARD_UNMET")
            self.assertEqual([fault["code"] for fault in document["errors"]], ["ABOUT_ONESELF"], name)

    def test_AddUser(self):
        body = self.approved(self.wanted(unit="HRD", role="unit-contributor"))
        made = self.add(body)
        self.assertEqual(made.status, 201, made)
        told = made.json()
        self.assertEqual((told["account_id"], told["username"]), (body["account_id"], body["username"]))
        account = self.admin.get(f"/api/v1/accounts/{told['account_id']}").json()
        self.assertEqual((account["roles"], account["unit"], account["display_name"]), (["unit-contributor"], "HRD", "کارمند تازه"))
        granted = self.admin.items(f"/api/v1/assignments?account_id={told['account_id']}")
        self.assertEqual([row["granted_by"] for row in granted], [self.stack.accounts["admin.one"]["id"]])
        # nobody signs in before there are factors, and the secret is nowhere in the database
        problem(self, self.stack.anonymous().post("/api/v1/login", {"username": told["username"], "password": PASSWORD}), 401, "LOGIN_FAILED")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.enrolment where encode(token_hash, 'escape') like '%{told['enrolment']}%'"), "0")
        # the person enrols
        done = self.enrol(told)
        self.assertEqual(done.status, 200, done)
        self.assertIn(done.json()["totp_secret"], done.json()["totp_uri"])
        signed_in = self.stack.anonymous().sign_in(told["username"], PASSWORD, CodeBook(done.json()["totp_secret"]))
        self.assertEqual((signed_in.status, signed_in.json()["user"]["roles"]), (200, ["unit-contributor"]), signed_in)
        # once
        problem(self, self.enrol(told, "another-Long-one-77"), 401, "LOGIN_FAILED")
        # and the approval, too
        self.refused(self.add({**body, "account_id": str(uuid.uuid4())}), 409, "OTHER_OPERATION")
        self.refused(self.add(body), 409, "USER_EXISTS")

    def test_AddUser_takes_exactly_what_was_approved(self):
        wanted = self.wanted()
        account = str(uuid.uuid4())
        asked = ask(self.stack, "admin.one", "account:create", account, wanted)
        body = {"account_id": account, "approval_id": asked.json()["id"], "display_name": "ن", **wanted}
        self.refused(self.add(body), 409, "NOT_APPROVED")
        own = approve(self.stack, "admin.one", asked)
        self.refused(own, 409, "OWN_REQUEST")
        second = self.administrator()
        self.assertEqual(approve(self.stack, second, asked).status, 200)
        for change in ({"role": "administrator"}, {"username": "someone.else"}, {"unit": "HRD"}, {"account_id": str(uuid.uuid4())}):
            with self.subTest(change):
                self.refused(self.add({**body, **change}), 409, "OTHER_OPERATION")
        self.refused(self.add({**body, "approval_id": str(uuid.uuid4())}), 409, "NO_APPROVAL")
        self.refused(self.add(body, self.stack.client(second)), 409, "NOT_YOURS")
        for who in ("security.officer", "hrd.manager"):
            problem(self, self.add(body, self.stack.client(who)), 403, "FORBIDDEN")
        self.assertEqual(self.add(body).status, 201)

    def test_AddUser_preconditions(self):
        body = {"account_id": str(uuid.uuid4()), "approval_id": str(uuid.uuid4()), "display_name": "ن", **self.wanted()}
        for change, code, pointer in (({"role": "king"}, "UNKNOWN", "/role"), ({"unit": "XYZ"}, "UNKNOWN", "/unit"),
                                      ({"judge_id": str(uuid.uuid4())}, "UNKNOWN", "/judge_id"), ({"role": "glass"}, "ONLY_VIA", "/role"),
                                      ({"role": "brief"}, "TOO_LONG", "/role")):
            with self.subTest(change):
                self.refused(self.add({**body, **change}), 422, code, pointer)
        self.refused(self.add({**body, "account_id": self.stack.accounts["hrd.manager"]["id"]}), 409, "USER_EXISTS")
        # a name that is taken, with an approval for it
        self.refused(self.add(self.approved({"username": "hrd.manager", "role": "member"})), 409, "USER_EXISTS")
        self.refused(self.add(self.approved({"username": "No Name", "role": "member"})), 422, "FORMAT", "/username")

    def test_an_enrolment_is_the_persons(self):
        told = self.add(self.approved(self.wanted())).json()
        for change in ({"username": "hrd.manager"}, {"enrolment": "A" * 43}, {"enrolment": "short"}, {"part": "0" * 32}, {"part": ""},
                       {"part": self.parts[told["account_id"]].upper()}):
            problem(self, self.enrol(told, **change), 401, "LOGIN_FAILED")
        for weak in ("short", "aaaaaaaaaaaa", told["username"] + "1"):
            self.refused(self.enrol(told, weak), 422, "WEAK", "/password")
        # written past the product: another account, another end
        self.stack.sql(f"update sanjeh.enrolment set expires_at = expires_at + interval '1 hour' where account_id = '{told['account_id']}'")
        problem(self, self.enrol(told), 401, "LOGIN_FAILED")
        self.stack.sql(f"update sanjeh.enrolment set expires_at = expires_at - interval '1 hour' where account_id = '{told['account_id']}'")
        self.stack.sql(f"""update sanjeh.enrolment set created_at = created_at - interval '3 days', expires_at = now() - interval '1 second'
            where account_id = '{told['account_id']}'""")
        problem(self, self.enrol(told), 401, "LOGIN_FAILED")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.password where account_id = '{told['account_id']}'"), "0")

    def test_DeleteUser(self):
        name, account = self.account("member,unit-contributor")
        client = self.stack.client(name)
        self.assertEqual(client.get("/api/v1/me").status, 200)
        close = lambda account, by=self.admin: by.post(RBAC + "DeleteUser", {"account_id": account})
        problem(self, close(account, self.stack.client("hrd.manager")), 403, "FORBIDDEN")
        self.refused(close(str(uuid.uuid4())), 404, "NO_USER")
        self.refused(close(self.stack.accounts["admin.one"]["id"]), 403, "NEVER_SELF")
        self.assertEqual(close(account).status, 204)
        self.soon(lambda: client.get("/api/v1/me").status, 401)
        self.assertEqual(self.stack.sign_in(name).status, 401)
        self.assertEqual(self.admin.get(f"/api/v1/accounts/{account}").json()["status"], "disabled")
        self.assertEqual(self.admin.items(f"/api/v1/assignments?account_id={account}"), [])
        self.refused(close(account), 404, "NO_USER")
        self.refused(self.grant(account, "member"), 422, "INACTIVE")
        # for good: not even with the server's own rights in the database
        refused = self.stack.sql(f"""begin; alter table sanjeh.account disable row level security; set local role sanjeh_app;
            update sanjeh.account set status = 'active' where id = '{account}'; commit""", check=False)
        self.assertIn("a closed account stays closed", refused.stderr)
        self.assertEqual(self.stack.sql(f"select status from sanjeh.account where id = '{account}'"), "disabled")
        # its name is never given again
        self.refused(self.add(self.approved({"username": name, "role": "member"})), 409, "USER_EXISTS")

    def test_DeleteUser_before_it_was_enrolled(self):
        told = self.add(self.approved(self.wanted())).json()
        self.assertEqual(self.admin.post(RBAC + "DeleteUser", {"account_id": told["account_id"]}).status, 204)
        problem(self, self.enrol(told), 401, "LOGIN_FAILED")


if __name__ == "__main__":
    unittest.main()
