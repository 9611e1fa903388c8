# SPDX-License-Identifier: Apache-2.0
"""Conflict and separation, rule by rule (numbers as in the domain's list): by person, not by account; and the judge's own rights.

What needs a running evaluation is in test_cycle_full; here is what holds before anything has begun.
"""

import secrets
import unittest
import uuid

from approval_case import correction
from board_case import FIRST, BoardTest
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
        self.assertIn(office.get(f"/api/v1/judges/{mine}").status, (403, 404))
        self.assertIn(office.get(f"/api/v1/judges/{mine}/access-log").status, (403, 404))

    def test_a_judge_writes_no_data(self):
        judge = self.stack.client("judge.one")
        problem(self, judge.post("/api/v1/judges", {"personnel_number": "X-1", "name": "قاضی"}), 403, "FORBIDDEN")
        problem(self, judge.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": "x"}), 403)


OFFICES = {"sep.rater": ("SC", "-", "evaluator", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.keeper": ("PIC", "-", "gate-keeper", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.issuer": ("JDP", "JDP-E", "issuer", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.owner": ("HRD", "-", "process-owner", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.double": ("SC", "-", "evaluator", "نشانی دوم", "HRD:HRD-0031", "person"),
           "sep.outside": ("AGO", "-", "evaluator", "بیرونی"), "sep.pic": ("PIC", "-", "gate-keeper", "صیانت")}


class Rules(BoardTest):
    """One method a rule: an attack with genuine sessions, and with SQL as the application's role under a genuine context."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts({name: account for name, account in OFFICES.items() if name not in cls.stack.accounts})
        cls.mine = cls.stack.sql(f"select person_judge_id from sanjeh.account where id = '{cls.stack.accounts['sep.rater']['id']}'")

    def as_app(self, scopes, text):
        """SQL as sanjeh_app in a context that the keeper might have signed."""
        return self.stack.sql(f"""begin; select set_config('sanjeh.context', c.body || '.' || encode(sha256(k.outer_pad
                || sha256(k.inner_pad || convert_to(c.body, 'UTF8'))), 'hex'), true) from sanjeh.context_key k,
            (select format('v1.%s.%s', floor(extract(epoch from now()))::int8 + 60, '{",".join(scopes)}') as body) c;
            set local role sanjeh_app; {text}; commit;""", check=False)

    def unit(self, code):
        return self.stack.sql(f"select id from sanjeh.unit where code = '{code}'")

    def mark(self, evaluation, name):
        return self.stack.client(name).post(f"/api/v1/evaluations/{evaluation}/ratings", {"item_no": 1, "mark": "90", "reason": "متن"})

    def rules(self, evaluation):
        return sorted(row["rule"] for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts") if row["state"] == "open")

    def gate(self, evaluation, unit, gate="D03"):
        """A question put past the product, so that only the answer is tried."""
        row = str(uuid.uuid4())
        self.stack.sql(f"""insert into sanjeh.gate_answer (unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id,
                issuer_scope_id, judge_id, round, gate, purpose, created_by) select u.id, '{row}', u.id, e.id, e.unit_id, e.issuer_unit_id,
                e.issuer_scope_id, e.judge_id, 1, '{gate}', 'promotion', u.id
            from sanjeh.evaluation e, sanjeh.unit u where e.id = '{evaluation}' and u.code = '{unit}'""")
        return row

    def answer(self, name, gate, **more):
        return self.stack.client(name).post(f"/api/v1/gates/{gate}/answer", {"value": "clear", "expires_on": "2027-06-01", **more},
                                            headers={"If-Match": '"v1"'})

    def test_rule_01_nobody_marks_himself(self):
        cycle = self.cycle()
        own = self.evaluation(cycle, judge=self.mine)
        for capacity in ("member", "appeal_member", "calibrator", "reviewer", "observer"):
            self.faults(self.seat(own, account_id=self.account("sep.rater"), capacity=capacity), 409, "CONFLICT", "SELF")
        self.move(own, "rating")
        self.assertEqual(self.mark(own, "sep.rater").status, 404)
        for name, value in (("rating", "marks_locked_at is null"), ("verdict", "true"), ("calibration_change", "true"), ("appeal_vote", "true")):
            self.assertEqual(self.stack.sql(f"select count(*) from pg_trigger where tgrelid = 'sanjeh.{name}'::regclass "
                                            "and tgname = 'not_oneself_created_by' and tgenabled = 'O'"), "1", value)
        keeper, unit = self.account("sep.keeper"), self.unit("PIC")
        gate = self.gate(own, "PIC")
        problem(self, self.answer("sep.keeper", gate), 403, "FORBIDDEN")
        done = self.as_app([unit, keeper], "update sanjeh.gate_answer set state = 'answered', value = 'clear', effect = 'none', answered_at = "
                           f"now(), expires_on = '2027-06-01', answered_by = '{keeper}' where id = '{gate}'")
        self.assertIn("own evaluation", done.stderr)
        self.assertEqual(self.answer("sep.pic", gate).status, 200)
        self.move(own, "final", ", state_since = now() - interval '1 day'")
        path = f"/api/v1/evaluations/{own}/corrections"
        self.assertEqual(self.stack.client("sep.issuer").post(path, {"reason": "به نفع خود"}).status, 403)
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.correction_order where evaluation_id = '{own}'"), "0")
        body = correction(self.stack, "jdpe.manager", "approver.separation", own, "اشتباه")
        self.assertEqual(self.issuer.post(path, body).status, 201)

    def test_rule_01_two_accounts_are_one_person(self):
        _, evaluation = self.seated("notified")
        for capacity in ("appeal_member", "reviewer"):
            answer = self.seat(evaluation, account_id=self.account("sep.double"), capacity=capacity)
            self.assertEqual(answer.status, 409, f"{capacity} {answer}")
        cycle = self.cycle()
        answer = self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "ه", "kind": "first", "members": self.members(
            *FIRST, ("sep.double", "member"))})
        self.faults(answer, 422, "INVALID", "SAME_PERSON")

    def test_rule_02_no_reciprocal_rating_and_no_reason_heals_it(self):
        cycle = self.cycle()
        theirs, mine = self.evaluation(cycle, judge=self.person("board.one")), self.evaluation(cycle, judge=self.person("board.two"))
        self.seat(theirs, account_id=self.account("board.two"), capacity="member")
        self.seat(mine, account_id=self.account("board.one"), capacity="member")
        self.assertIn("RECIPROCAL", self.rules(mine))
        found = next(row for row in self.owner.items(f"/api/v1/evaluations/{mine}/conflicts") if row["rule"] == "RECIPROCAL")
        path, etag = f"/api/v1/conflicts/{found['id']}/decision", {"If-Match": '"v1"'}
        problem(self, self.owner.post(path, {"outcome": "no_conflict", "reason": "دوستانه"}, headers=etag), 409, "CONFLICT")
        done = self.as_app([self.unit("HRD"), self.account("hrd.manager")], "update sanjeh.conflict set state = 'resolved', resolution = "
                           f"'no_conflict', reason = 'x', resolved_by = '{self.account('hrd.manager')}', resolved_at = now() where id = '{found['id']}'")
        self.assertIn("conflict_reciprocal_ends_seat", done.stderr)
        self.assertEqual(self.owner.post(path, {"outcome": "seat_ended", "reason": "متقابل"}, headers=etag).status, 200)

    def test_rule_02_nobody_rates_his_own_superior(self):
        cycle = self.cycle()
        head = self.evaluation(cycle)
        led = self.evaluation(cycle, judge=self.person("board.three"))
        self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id)
            select e.unit_id, e.id, gen_random_uuid(), '{self.judge_id}', 'court_head', true, e.judge_id, e.issuer_scope_id
            from sanjeh.evaluation e where e.id = '{led}'""")
        self.seat(head, account_id=self.account("board.three"), capacity="member")
        self.assertEqual(self.rules(head), ["SUPERIOR"])

    def test_rule_03_each_ground_is_found_and_blocks(self):
        self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
        sc, disciplinary = self.stack.client("sc.manager"), self.stack.client("jdpd.manager")
        for kind, rule, client in (("kin", "KIN", sc), ("partner", "KIN", sc), ("party", "PARTY", sc), ("candidate", "CANDIDATE", sc),
                                   ("disciplinary", "DISCIPLINARY", disciplinary)):
            self.stack.sql("delete from sanjeh.relation")
            made = client.post("/api/v1/relations", {"person_id": self.person("board.two"), "judge_id": self.judge_id, "kind": kind,
                                                     "valid_from": "1400-01-01"})
            self.assertEqual(made.status, 201, made)
            _, evaluation = self.seated("frozen")
            self.assertEqual(self.rules(evaluation), [rule], kind)
            steps = {step["to"]: step["unmet"] for step in self.stack.client("board.one").get(f"/api/v1/evaluations/{evaluation}").json()["next"]}
            self.assertIn("NO_CONFLICT_OPEN", str(steps["rating"]), kind)
        _, evaluation = self.seated("notified")
        self.stack.sql("delete from sanjeh.relation")
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

    def test_rule_05_raters_read_no_gate_before_the_lock(self):
        _, evaluation = self.seated()
        gate = self.gate(evaluation, "PIC")
        self.assertEqual(self.answer("sep.pic", gate).status, 200)
        rater, context = self.stack.client("board.one"), [self.account("board.one")]
        self.assertNotIn(gate, [row["id"] for row in rater.items("/api/v1/gates")])
        look = f"select count(*) from sanjeh.gate_answer where id = '{gate}'"
        self.assertEqual(self.as_app(context, look).stdout.split()[-1], "0")
        self.move(evaluation, "drafted", ", marks_locked_at = now()")
        self.assertIn(gate, [row["id"] for row in rater.items("/api/v1/gates")])
        self.assertEqual(self.as_app(context, look).stdout.split()[-1], "1")

    def test_rule_06_a_pending_complaint_is_no_answer(self):
        _, evaluation = self.seated("decided")
        gate = self.gate(evaluation, "PIC")
        for value in ("pending", "rejected", "complaint"):
            problem(self, self.answer("sep.pic", gate, value=value), 422, "INVALID")
        done = self.as_app([self.unit("PIC")], "update sanjeh.gate_answer set state = 'answered', value = 'pending', effect = 'none', "
                           f"answered_at = now(), expires_on = '2027-01-01' where id = '{gate}'")
        self.assertIn("gate_answer_value_known", done.stderr)
        self.assertNotIn(gate, [row["id"] for row in self.judge.items("/api/v1/gates")])

    def test_rule_07_an_answer_has_purpose_and_end_and_blocks_nothing_without_a_gist(self):
        _, evaluation = self.seated("decided")
        gate = self.gate(evaluation, "PIC")
        problem(self, self.answer("sep.pic", gate, expires_on="2028-06-01"), 422, "INVALID")
        set_to = "update sanjeh.gate_answer set state = 'answered', answered_at = now(), value = 'remark', {} " f"where id = '{gate}'"
        for members, constraint in (("effect = 'none', expires_on = '2028-06-01'", "gate_answer_expires_within_a_year"),
                                    ("effect = 'hold', expires_on = '2027-06-01'", "gate_answer_hold_is_earned")):
            self.assertIn(constraint, self.as_app([self.unit("PIC")], set_to.format(members)).stderr)
        self.assertIn("gate_answer_purpose_known", self.stack.sql(
            f"update sanjeh.gate_answer set purpose = 'curiosity' where id = '{gate}'", check=False).stderr)
        self.assertEqual(self.answer("sep.pic", gate, value="remark").json()["effect"], "none")

    def test_rule_09_the_appeal_board_is_of_other_people(self):
        _, evaluation = self.seated("notified")
        self.assertEqual(self.seat(evaluation, account_id=self.account("reviewer.one"), capacity="reviewer").status, 201)
        for name in ("board.one", "sep.double", "reviewer.one", "jdpe.manager"):
            answer = self.seat(evaluation, account_id=self.account(name), capacity="appeal_member")
            self.assertEqual(answer.status, 409, f"{name} {answer}")
        self.assertEqual(self.seat(evaluation, account_id=self.account("appeal.one"), capacity="appeal_chair").status, 201)
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

    def test_rule_10_after_the_freeze_only_a_correction_order_seen_by_the_judge(self):
        evaluation = self.evaluation(self.cycle())
        self.move(evaluation, "final", ", state_since = now() - interval '1 day', issued_at = now()")
        path = f"/api/v1/evaluations/{evaluation}/corrections"
        for name in ("hrd.manager", "sit.manager", "judge.one", "board.one"):
            self.assertIn(self.stack.client(name).post(path, {"reason": "تصحیح"}).status, (403, 404), name)
        self.assertEqual(self.issuer.post(path, {"reason": "اشتباه در شمارش"}).status, 409)
        made = self.issuer.post(path, correction(self.stack, "jdpe.manager", "approver.freeze", evaluation, "اشتباه در شمارش"))
        self.assertEqual(made.status, 201, made)
        self.assertIn(made.json()["id"], [row["id"] for row in self.judge.items(f"/api/v1/corrections?evaluation_id={evaluation}")]
                      if self.judge.get("/api/v1/corrections").status == 200 else [made.json()["id"]])

    def test_rule_11_a_court_head_sees_no_mark(self):
        _, evaluation = self.seated()
        self.assertEqual(self.seat(evaluation, account_id=self.account("sep.outside"), capacity="court_head").status, 201)
        self.assertEqual(self.mark(evaluation, "board.one").status, 201)
        head = self.stack.client("sep.outside")
        self.move(evaluation, "disclosed", ", marks_locked_at = now(), disclosed_at = now()")
        for kind in ("ratings", "drafts"):
            answer = head.get(f"/api/v1/evaluations/{evaluation}/{kind}")
            self.assertTrue(answer.status in (403, 404) or answer.json()["items"] == [], kind)
        for table in ("rating", "draft", "calibration_change", "evaluation_score", "observation"):
            done = self.as_app([self.account("sep.outside")], f"select count(*) from sanjeh.{table} where evaluation_id = '{evaluation}'")
            self.assertEqual(done.stdout.split()[-1], "0", table)

    def test_rule_12_who_holds_an_office_is_evaluated_outside_his_unit(self):
        cycle = self.cycle()
        own = self.evaluation(cycle, judge=self.mine)
        self.assertEqual(self.seat(own, account_id=self.account("board.two"), capacity="member").status, 201)
        self.assertEqual(self.seat(own, account_id=self.account("sep.outside"), capacity="member").status, 201)
        found = [(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{own}/conflicts")]
        self.assertEqual(found, [("OWN_UNIT", self.account("board.two"))])


if __name__ == "__main__":
    unittest.main()
