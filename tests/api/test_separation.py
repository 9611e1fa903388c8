# SPDX-License-Identifier: Apache-2.0
"""Conflict and separation, rule by rule (numbers as in the domain's list): by person, not by account; and the judge's own rights.

What needs a running evaluation is in test_cycle_full; here is what holds before anything has begun.
"""

import secrets
import unittest
import uuid

from stack import SharedTest, problem

FILE_ROUTES = ("ratings", "drafts", "report-cards", "replies", "appeals", "self-assessments", "disclosures")


class Separation(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.paths = cls.stack.anonymous().get("/api/v1/openapi.json").json()["paths"]

    def account(self, unit, compartment, roles, *rest):
        """The exit of `sanjeh account create`; the account is disabled afterwards."""
        name = f"sep.{secrets.token_hex(6)}"
        done = self.stack.instance("account", name, unit, compartment, roles, "آزمون", *rest, check=False)
        lines = [line for line in (self.stack.folder / "accounts.jsonl").read_text().splitlines() if f'"{name}"' in line]
        return name, done, bool(lines)

    def persons(self, *usernames):
        """What account_person() tells a signed context of another unit about accounts."""
        ids = ", ".join(f"'{self.stack.accounts[name]['id']}'" for name in usernames)
        rows = self.stack.sql("select a.username, coalesce(a.judge_id, a.person_judge_id, a.id), "
                              f"coalesce(a.judge_id, a.person_judge_id) is not null from sanjeh.account a where a.id in ({ids})")
        return {row.split("|")[0]: row.split("|")[1:] for row in rows.splitlines()}

    def judge_id(self, number):
        return self.stack.client("hrd.manager").items(f"/api/v1/judges?personnel_number={number}")[0]["id"]

    # ---- 1: by person, not account ----

    def test_1_an_office_account_is_the_judge_that_its_holder_is(self):
        persons = self.persons("board.one", "board.five", "judge.one")
        self.assertEqual(persons["board.one"], [self.judge_id("HRD-0031"), "t"])
        self.assertEqual(persons["board.five"], [self.stack.accounts["board.five"]["id"], "f"])
        self.assertEqual(persons["judge.one"], [self.judge_id("HRD-0001"), "t"])

    def test_1_nobody_has_a_seat_in_his_own_file(self):
        judge = self.judge_id("HRD-0031")
        done = self.stack.sql(f"""begin; set local session_replication_role = replica;
            insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id)
            select u.id, gen_random_uuid(), '{self.stack.accounts["board.one"]["id"]}', '{judge}', 'member', true, '{judge}', u.id
            from sanjeh.unit u limit 1; rollback;""", check=False)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("seat_not_oneself", done.stderr)

    def test_1_the_person_is_under_the_seal(self):
        """Whoever edits the row past the product ends the account: no other person comes of it."""
        name, done, made = self.account("SC", "-", "evaluator", "HRD:HRD-0039", "person")
        self.assertTrue(made, done.stderr)
        self.assertEqual(self.stack.sign_in(name).status, 200)
        self.stack.sql(f"update sanjeh.account set person_judge_id = '{self.judge_id('HRD-0040')}' where username = '{name}'")
        self.assertEqual(self.stack.sign_in(name).status, 401)
        self.stack.sql(f"update sanjeh.account set person_judge_id = null where username = '{name}'")
        self.assertEqual(self.stack.sign_in(name).status, 401)

    def test_1_only_an_office_account_names_a_person_and_one_of_a_register(self):
        for unit, roles, judge in (("-", "judge", "HRD:HRD-0041"), ("SC", "evaluator", "HRD:NOBODY-1")):
            _, done, made = self.account(unit, "-", roles, judge, "person")
            self.assertFalse(made, judge)
            self.assertNotEqual(done.returncode, 0)

    # ---- 4, 9, S17: offices that one account never holds together ----

    def test_4_no_account_holds_what_separation_keeps_apart(self):
        for roles in ("evaluator,gate-keeper", "issuer,gate-keeper", "evaluator,issuer", "evaluator,process-owner",
                      "process-owner,issuer", "evaluator,sample-office", "judge,evaluator", "administrator,evaluator",
                      "administrator,unit-manager", "security-officer,issuer", "analyst,evaluator"):
            _, done, made = self.account("SC", "-", roles)
            self.assertFalse(made, roles)
            self.assertIn("separation of duty", done.stderr, roles)

    # ---- 5, 6, 7: what offices never read or do ----

    def test_5_7_gate_keepers_see_no_mark_and_give_none(self):
        keeper = self.stack.client("jdpd.manager")
        for kind in FILE_ROUTES:
            if f"/api/v1/{kind}" in self.paths:
                problem(self, keeper.get(f"/api/v1/{kind}"), 403, "FORBIDDEN")
        for path in (path for path in self.paths if path.startswith("/api/v1/evaluations/{id}/") and "get" in self.paths[path]):
            if any(path.endswith(kind) for kind in FILE_ROUTES):
                self.assertEqual(keeper.get(path.replace("{id}", str(uuid.uuid4()))).status, 403, path)

    def test_14_administrators_read_no_data(self):
        admin = self.stack.client("admin.one")
        for path in sorted(self.paths):
            methods = self.paths[path]
            if "get" in methods and "{" not in path and methods["get"]["tags"][0] not in ("system", "sign-in", "administration",
                                                                                          "reference", "record"):
                self.assertEqual(admin.get(path).status, 403, path)

    # ---- the judge's own rights ----

    def test_own_facts_and_values_and_nobody_elses(self):
        judge = self.stack.client("judge.one")
        me = judge.items("/api/v1/judges")
        self.assertEqual(len(me), 1)
        for kind in ("facts", "indicator-values"):
            rows = judge.get(f"/api/v1/{kind}?limit=500").json()["items"]
            self.assertEqual({row["judge_id"] for row in rows} - {me[0]["id"]}, set(), kind)
        problem(self, judge.get(f"/api/v1/judges/{self.judge_id('HRD-0002')}"), 404, "NOT_FOUND")

    def test_the_office_of_a_judge_opens_not_his_own_file(self):
        """board.one is HRD-0031 as a person; the office account sees neither his entry nor his access log."""
        office, mine = self.stack.client("board.one"), self.judge_id("HRD-0031")
        self.assertIn(office.get(f"/api/v1/judges/{mine}").status, (403, 404))
        self.assertIn(office.get(f"/api/v1/judges/{mine}/access-log").status, (403, 404))

    def test_a_judge_writes_no_data(self):
        judge = self.stack.client("judge.one")
        problem(self, judge.post("/api/v1/judges", {"personnel_number": "X-1", "name": "قاضی"}), 403, "FORBIDDEN")
        problem(self, judge.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": "x"}), 403)


if __name__ == "__main__":
    unittest.main()
