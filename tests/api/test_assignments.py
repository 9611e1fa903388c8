# SPDX-License-Identifier: Apache-2.0
"""Who may give whom which role, how long it counts, and how it ends: granted, refused by each rule, certified, lapsed, revoked,
delegated, and edited past the product."""

import unittest

from rbac_case import ROSTER, RbacTest, problem, tag


class Grants(RbacTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.stack.client("hrd.manager")
        sent = cls.manager.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        assert sent.status == 201, sent

    def test_a_granted_role_counts_at_once_and_a_revoked_one_no_more(self):
        name, account = self.account()
        client = self.stack.client(name)
        self.assertEqual(self.roles(client), ["member"])
        self.assertEqual(client.get("/api/v1/judges").status, 403)
        made = self.granted(account, "unit-contributor", reason="برای گردآوری داده‌ها")
        document = made.json()
        self.assertEqual((document["state"], document["kind"], document["granted_by"], document["reason"]),
                         ("active", "assigned", self.stack.accounts["admin.one"]["id"], "برای گردآوری داده‌ها"))
        self.soon(lambda: client.get("/api/v1/judges").status, 200)
        self.assertIn("unit-contributor", self.roles(client))
        path = made.header("Location")
        problem(self, self.admin.delete(path), 428, "PRECONDITION_REQUIRED")
        problem(self, self.admin.delete(path, headers={"If-Match": '"77"'}), 412, "PRECONDITION_FAILED")
        self.assertEqual(self.admin.delete(path, headers=tag(made)).status, 204)
        self.soon(lambda: client.get("/api/v1/judges").status, 403)
        gone = self.admin.get(path)
        self.assertEqual((gone.json()["state"], gone.json()["revoke_cause"]), ("revoked", "revoked"))
        problem(self, self.admin.delete(path, headers=tag(gone)), 409, "CONFLICT")
        self.granted(account, "unit-contributor")  # once more is another assignment
        self.soon(lambda: client.get("/api/v1/judges").status, 200)

    def test_only_what_is_assignable_by_ones_roles_and_only_in_ones_unit(self):
        name, account = self.account()
        self.refused(self.grant(account, "analyst", self.manager), 403, "NOT_ASSIGNABLE", "/role")
        self.refused(self.grant(account, "administrator", self.manager), 403, "NOT_ASSIGNABLE", "/role")
        self.granted(account, "unit-contributor", self.manager)
        _, foreign = self.account(unit="SIT")
        problem(self, self.grant(foreign, "unit-contributor", self.manager), 404, "NOT_FOUND")
        self.granted(foreign, "unit-contributor")
        self.assertEqual({item["unit"] for item in self.manager.items("/api/v1/assignments")}, {"HRD"})
        problem(self, self.grant(account, "brief", self.stack.client(name)), 403, "FORBIDDEN")
        self.refused(self.grant(account, "emperor"), 422, "UNKNOWN", "/role")
        self.refused(self.grant(account, "glass"), 422, "ONLY_VIA", "/role")
        problem(self, self.grant("00000000-0000-4000-8000-00000000abcd", "brief"), 404, "NOT_FOUND")
        problem(self, self.admin.post("/api/v1/assignments", {"account_id": account, "role": "brief", "until": "x"}), 400,
                "UNKNOWN_MEMBER")

    def test_nobody_decides_about_himself_by_person(self):
        own = self.stack.accounts["admin.one"]["id"]
        self.refused(self.grant(own, "member"), 403, "NEVER_SELF", "/account_id")
        # one person with two accounts of one unit
        manager, _ = self.account("unit-manager", "HRD", "-", "HRD:R-001", "person")
        _, second = self.account("member", "HRD", "-", "HRD:R-001", "person")
        _, other = self.account("member", "HRD", "-", "HRD:R-002", "person")
        client = self.stack.client(manager)
        self.refused(self.grant(second, "brief", client), 403, "NEVER_SELF", "/account_id")
        self.granted(other, "brief", client)
        made = self.granted(second, "brief")
        path = made.header("Location")
        self.refused(client.post(path + "/certify", {}, headers=tag(made)), 403, "NEVER_SELF")
        self.refused(client.patch(path, {"valid_until": None}, headers=tag(made)), 403, "NEVER_SELF")
        self.assertEqual(self.admin.post(path + "/certify", {}, headers=tag(made)).status, 200)

    def test_limits_of_a_role(self):
        _, account = self.account()
        self.refused(self.grant(account, "brief", valid_until=self.at(11)), 422, "TOO_LONG", "/valid_until")
        self.refused(self.grant(account, "brief", valid_until=self.at(-1)), 422, "IN_THE_PAST", "/valid_until")
        self.refused(self.grant(account, "brief", valid_until="tomorrow"), 422, "FORMAT", "/valid_until")
        made = self.granted(account, "brief")
        self.assertLessEqual(made.json()["valid_until"], self.at(10))
        self.refused(self.grant(account, "brief"), 422, "DUPLICATE", "/role")
        path = made.header("Location")
        self.refused(self.admin.patch(path, {"valid_until": None}, headers=tag(made)), 422, "TOO_LONG")
        self.refused(self.admin.patch(path, {"valid_until": self.at(12)}, headers=tag(made)), 422, "TOO_LONG")
        shorter = self.admin.patch(path, {"valid_until": self.at(2)}, headers=tag(made))
        self.assertEqual(shorter.status, 200, shorter)
        self.assertGreater(shorter.json()["seq"], made.json()["seq"])
        first = self.granted(account, "few")
        _, another = self.account()
        self.refused(self.grant(another, "few"), 422, "TOO_MANY_HOLDERS", "/role")
        self.assertEqual(self.admin.delete(first.header("Location"), headers=tag(first)).status, 204)
        self.granted(another, "few")

    def test_static_separation_counts_what_is_inherited(self):
        _, account = self.account("unit-contributor")
        document = self.refused(self.grant(account, "analyst"), 422, "SEPARATION", "/role")
        self.assertEqual(document["errors"][0]["detail"], "S10")
        document = self.refused(self.grant(account, "wide"), 422, "SEPARATION", "/role")  # inherits analyst
        self.assertEqual(document["errors"][0]["detail"], "S10")
        _, wide = self.account("wide")
        self.refused(self.grant(wide, "unit-manager"), 422, "SEPARATION", "/role")  # inherits unit-contributor

    def test_a_locked_window_and_a_later_beginning(self):
        name, account = self.account()
        client = self.stack.client(name)
        later = self.granted(account, "left", valid_from=self.at(5))
        self.assertEqual(later.json()["state"], "not-yet")
        made = self.granted(account, "unit-contributor")
        self.soon(lambda: client.get("/api/v1/judges").status, 200)
        locked = self.admin.patch(made.header("Location"), {"locked_from": self.at(minutes=-1), "locked_until": self.at(1)},
                                  headers=tag(made))
        self.assertEqual(locked.json()["state"], "locked", locked)
        self.soon(lambda: client.get("/api/v1/judges").status, 403)
        self.assertEqual(self.states(client), {"member": "active", "left": "not-yet", "unit-contributor": "locked"})
        self.refused(self.admin.patch(made.header("Location"), {"locked_from": None}, headers=tag(locked)), 422, "RANGE")
        open_again = self.admin.patch(made.header("Location"), {"locked_from": None, "locked_until": None}, headers=tag(locked))
        self.assertEqual(open_again.json()["state"], "active", open_again)
        self.soon(lambda: client.get("/api/v1/judges").status, 200)

    def test_history_and_numbers(self):
        _, account = self.account()
        before = self.admin.get("/api/v1/assignment-changes?limit=1").json()["seq"]
        made = self.granted(account, "brief")
        certified = self.admin.post(made.header("Location") + "/certify", {}, headers=tag(made))
        self.admin.delete(made.header("Location"), headers=tag(certified))
        since = self.admin.get(f"/api/v1/assignment-changes?after={before}&account_id={account}").json()
        self.assertEqual([item["change"] for item in since["items"]], ["granted", "certified", "revoked"])
        numbers = [item["seq"] for item in since["items"]]
        self.assertEqual(numbers, sorted(set(numbers)))
        self.assertEqual(since["seq"], numbers[-1])
        self.assertEqual(since["items"][0]["changed_by"], self.stack.accounts["admin.one"]["id"])
        problem(self, self.manager.get(f"/api/v1/assignment-changes?after=x"), 400, "BAD_PARAMETER")

    def test_roles_say_their_limits_and_holders_to_those_who_may_know(self):
        roles = {role["name"]: role for role in self.admin.items("/api/v1/roles")}
        self.assertEqual(roles["guarded"]["activation"], {"mode": "on_demand", "max_minutes": 30, "acr": 2})
        self.assertEqual((roles["brief"]["max_days"], roles["few"]["max_holders"], roles["looked-at"]["recertify_days"]), (10, 1, 20))
        self.assertEqual((roles["glass"]["only_via"], roles["unit-contributor"]["delegable"]), ("break_glass", True))
        self.assertEqual(roles["unit-manager"]["inherits"], ["unit-contributor"])
        self.assertGreaterEqual(roles["administrator"]["holders"], 1)
        name, _ = self.account()
        self.assertNotIn("holders", self.stack.client(name).items("/api/v1/roles")[0])


class Delegations(RbacTest):
    ACCOUNTS = ("admin.one",)

    def delegate(self, client, username, role, **more):
        return client.post("/api/v1/delegations", {"username": username, "role": role, "reason": "مرخصی", **more})

    def target_in(self, client, account, role, **more):
        return client.post("/api/v1/delegations", {"account_id": account, "role": role, "reason": "مرخصی", **more})

    def test_a_colleague_acts_for_a_while_and_no_longer_than_the_delegator(self):
        giver, giver_id = self.account("unit-contributor")
        taker, taker_id = self.account()
        client, other = self.stack.client(giver), self.stack.client(taker)
        made = self.target_in(client, taker_id, "unit-contributor", valid_until=self.at(3))
        self.assertEqual(made.status, 201, made)
        self.assertEqual((made.json()["kind"], made.json()["depth"]), ("delegated", 1))
        self.soon(lambda: other.get("/api/v1/judges").status, 200)
        self.assertEqual([item["id"] for item in other.items("/api/v1/delegations")], [made.json()["id"]])
        self.assertEqual([item["id"] for item in client.items("/api/v1/delegations")], [made.json()["id"]])
        source = made.json()["source_id"]
        own = self.admin.get(f"/api/v1/assignments/{source}")
        self.assertEqual(own.json()["account_id"], giver_id)
        self.assertEqual(self.admin.delete(f"/api/v1/assignments/{source}", headers=tag(own)).status, 204)
        self.soon(lambda: other.get("/api/v1/judges").status, 403)
        ended = self.admin.get(f"/api/v1/assignments/{made.json()['id']}").json()
        self.assertEqual(ended["revoke_cause"], "source-ended")

    def test_never_wider_longer_deeper_or_to_oneself(self):
        giver, giver_id = self.account("unit-contributor,left")
        client = self.stack.client(giver)
        _, taker_id = self.account()
        _, foreign = self.account(unit="SIT")
        self.refused(self.target_in(client, foreign, "unit-contributor", valid_until=self.at(3)), 422, "WIDER", "/account_id")
        self.refused(self.target_in(client, taker_id, "unit-contributor", valid_until=self.at(15)), 422, "TOO_LONG", "/valid_until")
        self.refused(self.target_in(client, taker_id, "left", valid_until=self.at(3)), 403, "NOT_DELEGABLE", "/role")
        self.refused(self.target_in(client, taker_id, "brief", valid_until=self.at(3)), 403, "NOT_ACTIVE", "/role")
        self.refused(self.target_in(client, giver_id, "unit-contributor", valid_until=self.at(3)), 403, "NEVER_SELF", "/account_id")
        made = self.granted(giver_id, "brief", valid_until=self.at(2))
        self.refused(self.target_in(client, taker_id, "brief", valid_until=self.at(3)), 422, "TOO_LONG", "/valid_until")
        passed = self.target_in(client, taker_id, "brief")
        self.assertEqual(passed.json()["valid_until"], made.json()["valid_until"])
        member, _ = self.account()
        problem(self, self.delegate(self.stack.client(member), giver, "brief"), 403, "FORBIDDEN")

    def test_hands_are_counted_and_separation_holds(self):
        names = [self.account("unit-contributor") for _ in range(1)] + [self.account() for _ in range(3)]
        hands = [self.stack.client(name) for name, _ in names]
        for number in range(2):
            made = self.target_in(hands[number], names[number + 1][1], "unit-contributor", valid_until=self.at(5 - number))
            self.assertEqual((made.status, made.json()["depth"]), (201, number + 1), made)
            self.soon(lambda n=number: "unit-contributor" in self.roles(hands[n + 1]), True)
        self.refused(self.target_in(hands[2], names[3][1], "unit-contributor", valid_until=self.at(1)), 403, "TOO_DEEP", "/role")
        _, analyst = self.account("analyst")
        self.refused(self.target_in(hands[0], analyst, "unit-contributor", valid_until=self.at(1)), 422, "SEPARATION", "/role")
        # the second hand gives it back: the third has it no more
        first = self.admin.items("/api/v1/assignments?role=unit-contributor&account_id=" + names[1][1])[0]
        read = self.admin.get(f"/api/v1/assignments/{first['id']}")
        answer = hands[1].delete(f"/api/v1/delegations/{first['id']}", headers=tag(read))
        self.assertEqual(answer.status, 204, answer)
        self.soon(lambda: "unit-contributor" in self.roles(hands[2]), False)
        self.soon(lambda: "unit-contributor" in self.roles(hands[0]), True)


class Clock(RbacTest):
    """Turns the clock ahead: last in its own server."""

    def test_ends_lapses_and_the_report(self):
        name, account = self.account()
        late, late_id = self.account()
        client, other = self.stack.client(name), self.stack.client(late)
        self.granted(account, "unit-contributor", valid_until=self.at(5))
        looked = self.granted(late_id, "looked-at")
        self.soon(lambda: self.states(other), {"member": "active", "looked-at": "active"})
        self.soon(lambda: client.get("/api/v1/judges").status, 200)
        due = {item["id"]: item["state"] for item in self.admin.items("/api/v1/recertifications")}
        self.assertEqual(due.get(looked.json()["id"]), "active")  # within the next 30 days
        self.clock("advance", "6d")
        self.soon(lambda: client.get("/api/v1/judges").status, 403)
        self.assertEqual(self.states(client)["unit-contributor"], "expired")
        self.clock("advance", "21d")
        self.soon(lambda: self.states(other), {"member": "active", "looked-at": "lapsed"})
        due = {item["id"]: item["state"] for item in self.admin.items("/api/v1/recertifications")}
        self.assertEqual(due.get(looked.json()["id"]), "lapsed")
        certified = self.admin.post(looked.header("Location") + "/certify", {}, headers=tag(looked))
        self.assertEqual((certified.status, certified.json()["state"]), (200, "active"), certified)
        self.soon(lambda: self.states(other), {"member": "active", "looked-at": "active"})


class Edited(RbacTest):
    """A superuser of the database writes past the product: nothing is believed, nothing is sealed over."""

    def test_edits_end_the_session_and_cannot_be_laundered(self):
        edits = (
            ("insert into sanjeh.role_assignment (account_id, role) values ('{id}', 'administrator')",
             "delete from sanjeh.role_assignment where account_id = '{id}' and role = 'administrator'"),
            ("update sanjeh.role_assignment set valid_until = null where account_id = '{id}' and role = 'brief'",
             "update sanjeh.role_assignment set valid_until = '{until}' where account_id = '{id}' and role = 'brief'"),
            ("update sanjeh.role_assignment set role = 'administrator' where account_id = '{id}' and role = 'brief'",
             "update sanjeh.role_assignment set role = 'brief' where account_id = '{id}' and role = 'administrator'"),
            ("update sanjeh.role_assignment set certified_at = certified_at + interval '1 year' where account_id = '{id}'",
             "update sanjeh.role_assignment set certified_at = certified_at - interval '1 year' where account_id = '{id}'"),
        )
        name, account = self.account()
        self.granted(account, "brief")
        until = self.stack.sql(f"select valid_until from sanjeh.role_assignment where account_id = '{account}' and role = 'brief'")
        client = self.stack.client(name)
        for edit, undo in edits:
            self.soon(lambda: client.get("/api/v1/me").status, 200)
            self.stack.sql(edit.format(id=account))
            self.soon(lambda: client.get("/api/v1/me").status, 401)
            problem(self, self.stack.anonymous().post("/api/v1/login", {
                "username": name, "password": self.stack.accounts[name]["password"]}), 401, "LOGIN_FAILED")
            problem(self, self.grant(account, "left"), 403, "FORBIDDEN")
            self.stack.sql(undo.format(id=account, until=until))
        self.soon(lambda: client.get("/api/v1/me").status, 200)
        changes = self.admin.get(f"/api/v1/assignment-changes?account_id={account}").json()["items"]
        self.assertIn("edited", [item["change"] for item in changes])
        self.assertIn("deleted", [item["change"] for item in changes])

    def test_a_revoked_assignment_that_is_called_back_is_none(self):
        name, account = self.account()
        made = self.granted(account, "unit-contributor")
        self.assertEqual(self.admin.delete(made.header("Location"), headers=tag(made)).status, 204)
        client = self.stack.client(name)
        self.assertEqual(client.get("/api/v1/judges").status, 403)
        self.stack.sql("update sanjeh.role_assignment set revoked_at = null, revoked_by = null, revoke_cause = null "
                       f"where id = '{made.json()['id']}'")
        self.soon(lambda: client.get("/api/v1/me").status, 401)


if __name__ == "__main__":
    unittest.main()
