# SPDX-License-Identifier: Apache-2.0
"""Conflict and separation, rule by rule (numbers as in the domain's list): by person, not by account; and the judge's own rights.

What needs a running evaluation is in test_cycle_full; here is what holds before anything has begun.
"""

import secrets
import unittest
import uuid

from board_case import FIRST
from separation_case import RulesCase
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
            if methods.get("get", {}).get("security") == []:
                continue  # says the same to everybody and touches no data
            if "get" in methods and "{" not in path and methods["get"]["tags"][0] not in ("system", "sign-in", "sessions", "administration",
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
        problem(self, office.get(f"/api/v1/judges/{mine}"), 404, "NOT_FOUND")
        problem(self, office.get(f"/api/v1/judges/{mine}/access-log"), 403, "FORBIDDEN")

    def test_a_judge_writes_no_data(self):
        judge = self.stack.client("judge.one")
        problem(self, judge.post("/api/v1/judges", {"personnel_number": "X-1", "name": "قاضی"}), 403, "FORBIDDEN")
        problem(self, judge.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": "x"}), 403)


class Rules(RulesCase):
    """One method a rule: an attack with genuine sessions, and with SQL as the application's role under a genuine context. Rules 1, 6 and 10
    to 12 are in test_separation_files."""

    def test_rule_01_two_accounts_are_one_person(self):
        _, evaluation = self.seated("notified")
        for capacity in ("appeal_member", "reviewer"):
            answer = self.seat(evaluation, account_id=self.account("sep.double"), capacity=capacity)
            self.faults(answer, 409, "CONFLICT", "OVERLAP" if capacity == "appeal_member" else "OTHER_ACCOUNT")
        cycle = self.cycle()
        answer = self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "ه", "kind": "first", "members": self.members(
            *FIRST, ("sep.double", "member"))})
        self.faults(answer, 422, "INVALID", "SAME_PERSON")

    def unmet(self, evaluation, name):
        """What keeps a file from being marked, as somebody of its board is told."""
        steps = self.stack.client(name).get(f"/api/v1/evaluations/{evaluation}").json()["next"]
        return str(next(step["unmet"] for step in steps if step["to"] == "rating"))

    def is_fact(self, evaluation, rule, name):
        """Neither a reason nor the database's own hand heals it, and nobody marks before the seat is ended."""
        found = next(row for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts")
                     if (row["rule"], row["account_id"]) == (rule, self.account(name)))
        path, etag = f"/api/v1/conflicts/{found['id']}/decision", {"If-Match": '"v1"'}
        for client in (self.owner, self.issuer):
            problem(self, client.post(path, {"outcome": "no_conflict", "reason": "دوستانه"}, headers=etag), 409, "CONFLICT")
        done = self.as_app([self.unit("HRD"), self.account("hrd.manager")], "update sanjeh.conflict set state = 'resolved', resolution = "
                           f"'no_conflict', reason = 'x', resolved_by = '{self.account('hrd.manager')}', resolved_at = now() where id = '{found['id']}'")
        self.assertIn("conflict_of_fact_ends_seat", done.stderr)
        self.move(evaluation, "frozen")
        self.assertIn("NO_CONFLICT_OPEN", self.unmet(evaluation, name))
        self.assertNotEqual(self.mark(evaluation, name).status, 201)
        self.assertEqual(self.owner.post(path, {"outcome": "seat_ended", "reason": "تعارض"}, headers=etag).status, 200)
        self.move(evaluation, "rating")
        problem(self, self.mark(evaluation, name), 404, "NOT_FOUND")

    def test_rule_02_no_reciprocal_rating_and_no_reason_heals_it(self):
        """board.one and board.two are two judges, each with an office account of his own; whoever comes second is found."""
        for first, second in (("board.one", "board.two"), ("board.two", "board.one")):
            cycle = self.cycle()
            of = {name: self.evaluation(cycle, judge=self.person(name)) for name in (first, second)}
            self.assertEqual(self.seat(of[second], account_id=self.account(first), capacity="member").status, 201)
            self.assertNotIn("RECIPROCAL", self.rules(of[second]), "one of them alone")
            self.assertEqual(self.seat(of[first], account_id=self.account(second), capacity="member").status, 201)
            self.assertEqual(self.seat(of[first], account_id=self.account("sep.outside"), capacity="member").status, 201)
            self.assertEqual([(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{of[first]}/conflicts")
                              if row["rule"] == "RECIPROCAL"], [("RECIPROCAL", self.account(second))])
            self.is_fact(of[first], "RECIPROCAL", second)
            self.move(of[second], "rating")
            self.assertEqual(self.mark(of[second], first).status, 201, "the other one rates")
            self.assertEqual(self.mark(of[first], "sep.outside").status, 201, "whom he does not rate in turn")
            other = self.evaluation(self.cycle(), judge=self.person(first))
            self.seat(other, account_id=self.account(second), capacity="member")
            self.assertNotIn("RECIPROCAL", self.rules(other), "in one cycle")

    def test_rule_02_who_rated_and_left_is_not_rated_in_return(self):
        """board.one leaves the file of board.two, before its marks are locked or after; then board.two is to sit in his."""
        for left, expected in (("now() - interval '1 hour'", []), ("now() + interval '1 hour'", [("RECIPROCAL", self.account("board.two"))])):
            cycle = self.cycle()
            rated, rater = (self.evaluation(cycle, judge=self.person(name)) for name in ("board.two", "board.one"))
            self.assertEqual(self.seat(rated, account_id=self.account("board.one"), capacity="member").status, 201)
            self.move(rated, "drafted", ", marks_locked_at = now()")
            self.stack.sql(f"update sanjeh.seat set ended_at = {left}, ended_reason = 'replaced' where evaluation_id = '{rated}'")
            self.assertEqual(self.seat(rater, account_id=self.account("board.two"), capacity="member").status, 201)
            self.assertEqual([(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{rater}/conflicts")
                              if row["rule"] == "RECIPROCAL"], expected, left)

    def test_rule_02_nobody_rates_his_own_superior(self):
        """sep.head sits as the head of board.three's court, in that file and nowhere else."""
        for is_head_first in (True, False):
            cycle = self.cycle()
            head, led = self.evaluation(cycle, judge=self.person("sep.head")), self.evaluation(cycle, judge=self.person("board.three"))
            seats = [(led, "sep.head", "court_head"), (head, "board.three", "member")]
            for evaluation, name, capacity in seats if is_head_first else reversed(seats):
                self.assertEqual(self.seat(evaluation, account_id=self.account(name), capacity=capacity).status, 201)
            self.assertEqual(self.seat(head, account_id=self.account("sep.outside"), capacity="member").status, 201)
            found = [row["account_id"] for row in self.owner.items(f"/api/v1/evaluations/{head}/conflicts") if row["rule"] == "SUPERIOR"]
            self.assertEqual(found, [self.account("board.three")], "whom he does not lead is none of his")
            self.is_fact(head, "SUPERIOR", "board.three")

    def test_rule_03_each_ground_is_found_and_blocks(self):
        self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
        sc, disciplinary = self.stack.client("sc.manager"), self.stack.client("jdpd.manager")
        for kind, rule, client in (("kin", "KIN", sc), ("partner", "KIN", sc), ("party", "PARTY", sc), ("candidate", "CANDIDATE", sc),
                                   ("disciplinary", "PARTY", disciplinary)):
            self.stack.sql("delete from sanjeh.relation")
            made = client.post("/api/v1/relations", {"person_id": self.person("board.two"), "judge_id": self.judge_id, "kind": kind,
                                                     "valid_from": "1400-01-01"})
            self.assertEqual(made.status, 201, made)
            _, evaluation = self.seated("frozen")
            self.assertEqual(self.rules(evaluation), [rule], kind)
            steps = {step["to"]: step["unmet"] for step in self.stack.client("board.one").get(f"/api/v1/evaluations/{evaluation}").json()["next"]}
            self.assertIn("NO_CONFLICT_OPEN", str(steps["rating"]), kind)
        self.stack.sql("delete from sanjeh.relation")
        row = ("insert into sanjeh.relation (unit_id, id, person_id, judge_id, kind, valid_from, valid_to, created_by) select u.id, "
               "gen_random_uuid(), '{}', '{}', '{}', '2020-01-01', {}, u.id from sanjeh.unit u where u.code = 'SC'")
        two = self.person("board.two")
        for kind, person, judge, to, rules in (("kin", self.judge_id, two, "null", ["KIN"]), ("kin", two, self.judge_id, "current_date - 1", []),
                                               ("party", two, self.judge_id, "current_date - 1", ["PARTY"]),
                                               ("candidate", two, self.judge_id, "current_date - 1", [])):
            self.stack.sql("delete from sanjeh.relation; " + row.format(person, judge, kind, to))
            self.assertEqual(self.rules(self.seated("notified")[1]), rules, f"{kind} until {to}, either way round")
        self.stack.sql("delete from sanjeh.relation")
        _, evaluation = self.seated("notified")
        self.assertEqual(self.rules(evaluation), [], "nothing speaks against them")
        said = self.stack.client("board.one").post(f"/api/v1/evaluations/{evaluation}/coi-declarations", {"has_interest": True, "interests": "x"})
        self.assertEqual(said.status, 201)
        self.assertIn("DECLARED", self.rules(evaluation), "declared as well as detected")

    def test_rule_03_one_branch_in_the_last_24_months(self):
        court = self.owner.items("/api/v1/courts")[0]["id"]
        self.addCleanup(self.stack.sql, "delete from sanjeh.posting where title = 'sep-test'")
        for judge, to in ((self.judge_id, "null"), (self.person("board.one"), "current_date - interval '23 months'"),
                          (self.person("board.two"), "current_date - interval '25 months'")):
            self.stack.sql(f"""set session_replication_role = replica;
                insert into sanjeh.posting (unit_id, id, judge_unit_id, judge_id, court_id, title, posted_from, posted_to, created_by)
                select u.id, gen_random_uuid(), u.id, '{judge}', '{court}', 'sep-test', '2019-01-01', {to}, u.id
                from sanjeh.unit u where code = 'HRD'""")
        _, evaluation = self.seated("notified")
        found = [(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts")]
        self.assertEqual(found, [("SAME_BRANCH", self.account("board.one"))])
        as_source = self.evaluation(self.cycle())
        self.assertEqual(self.seat(as_source, account_id=self.account("board.one"), capacity="court_head").status, 201)
        self.assertEqual(self.rules(as_source), [], "as a declared source he is of that court")
        self.assertEqual(self.seat(as_source, account_id=self.account("board.one"), capacity="member").status, 201)
        self.assertEqual(self.rules(as_source), ["SAME_BRANCH"])

    def test_rule_05_raters_read_no_gate_before_the_lock(self):
        _, evaluation = self.seated()
        gates = [self.gate(evaluation, "PIC"), self.gate(evaluation, "JDP-D", "D02")]
        self.assertEqual(self.answer("sep.pic", gates[0], value="remark", gist="خلاصه").status, 200)
        self.assertEqual(self.answer("jdpd.manager", gates[1], value="remark", gist="خلاصه", degree=4, final_judgment_no="12/34").status, 200)
        look = "select count(*) from sanjeh.gate_answer where id in ('{}', '{}')".format(*gates)
        raters = [name for name, _ in FIRST]
        for name in raters:
            rater = self.stack.client(name)
            self.assertFalse({row["id"] for row in rater.items("/api/v1/gates")} & set(gates), name)
            self.assertEqual(rater.items(f"/api/v1/gates?evaluation_id={evaluation}"), [], name)
            self.passes([self.account(name)], look, "0")
        self.move(evaluation, "drafted", ", marks_locked_at = now()")
        for name in raters:
            seen = {row["id"]: row for row in self.stack.client(name).items("/api/v1/gates")}
            self.assertNotIn(gates[0], seen, "integrity is for the appeal board (DOMAIN d)")
            self.assertEqual([seen[gates[1]].get(member) for member in ("value", "gist", "degree", "final_judgment_no")],
                             ["remark", None, None, None], "the gate alone, not the extract")
            self.passes([self.account(name)], look, "1")
        whole = next(row for row in self.stack.client("jdpd.manager").items("/api/v1/gates") if row["id"] == gates[1])
        self.assertEqual(whole["final_judgment_no"], "12/34", "who wrote it reads it")

    def test_rule_07_an_answer_has_purpose_and_end_and_blocks_nothing_without_a_gist(self):
        _, evaluation = self.seated("decided")
        self.stack.sql(f"update sanjeh.evaluation set marks_locked_at = now() where id = '{evaluation}'")
        self.faults(self.issuer.post(f"/api/v1/evaluations/{evaluation}/gates/ask", {"purpose": "curiosity"}), 422, "INVALID", "UNKNOWN_VALUE")
        gate, unit = self.gate(evaluation, "PIC"), [self.unit("PIC")]
        for days in (400, 367, 0):
            self.faults(self.answer("sep.pic", gate, expires_on=self.day(days)), 422, "INVALID", "OUT_OF_RANGE")
        set_to = ("with w as (update sanjeh.gate_answer set state = 'answered', answered_at = now(), value = 'remark', {} "
                  f"where id = '{gate}' returning 1) select count(*) from w; rollback; begin")
        for days, effect, words in ((400, "none", "gate_answer_expires_within_a_year"), (100, "hold", "gate_answer_hold_is_earned")):
            self.refused(unit, set_to.format(f"effect = '{effect}', expires_on = '{self.day(days)}'"), words)
        self.refused(unit, set_to.format(f"effect = 'none', expires_on = '{self.day(100)}'"), "gate_answer_why_is_said")
        self.assertIn("gate_answer_purpose_known", self.stack.sql(
            f"update sanjeh.gate_answer set purpose = 'curiosity' where id = '{gate}'", check=False).stderr)
        self.faults(self.answer("sep.pic", gate, value="remark"), 422, "INVALID", "REQUIRED")  # adverse, but nothing that can be served
        for value, more, effect in (("remark", {"gist": "خلاصه"}, "hold"), ("referred", {"authority": "attorney_general"}, "referral"), ("clear", {}, "none")):
            _, further = self.seated("decided")
            self.assertEqual(self.answer("sep.pic", self.gate(further, "PIC"), value=value, **more).json()["effect"], effect)
        problem(self, self.mark(evaluation, "sep.pic"), 403, "FORBIDDEN")
        self.faults(self.seat(evaluation, account_id=self.account("sep.pic"), capacity="observer"), 422, "INVALID", "EXCLUDED_UNIT")

    def test_rule_09_the_appeal_board_is_of_other_people(self):
        _, evaluation = self.seated("notified")
        self.assertEqual(self.seat(evaluation, account_id=self.account("reviewer.one"), capacity="reviewer").status, 201)
        self.assertEqual(self.seat(evaluation, account_id=self.account("board.four"), capacity="calibrator").status, 201)
        for name in ("board.one", "board.two", "board.three", "sep.double", "reviewer.one", "board.four", "jdpe.manager"):
            answer = self.seat(evaluation, account_id=self.account(name), capacity="appeal_member")
            self.faults(answer, 409, "CONFLICT", "OVERLAP")
        self.assertEqual(self.seat(evaluation, account_id=self.account("appeal.one"), capacity="appeal_chair").status, 201)
        for capacity in ("calibrator", "reviewer", "observer"):
            self.faults(self.seat(evaluation, account_id=self.account("appeal.one"), capacity=capacity), 409, "CONFLICT", "OVERLAP")
        self.move(evaluation, "appealed")  # facts are told that a next move needs
        self.assertEqual(self.disjoint(evaluation), "t")
        other = self.account("sep.double")
        self.stack.sql(f"update sanjeh.cycle set issuer_signed_by = '{other}' where id = (select cycle_id from sanjeh.evaluation where id = "
                       f"'{evaluation}'); update sanjeh.seat set person_id = '{self.person('board.one')}' where evaluation_id = '{evaluation}' "
                       f"and capacity = 'appeal_chair'; delete from sanjeh.seat where evaluation_id = '{evaluation}' and capacity = 'chair'")
        self.assertEqual(self.disjoint(evaluation), "f", "who issued under another account sits in the appeal")

    def disjoint(self, evaluation):
        done = self.as_app([self.unit("HRD"), "00000000-0000-8000-8000-000000000006"],
                           f"select 'is ' || is_met from sanjeh.evaluation_facts('{evaluation}') where code = 'APPEAL_DISJOINT'")
        return done.stdout.split("is ")[-1].strip()[:1] if done.returncode == 0 else done.stderr


if __name__ == "__main__":
    unittest.main()
