# SPDX-License-Identifier: Apache-2.0
"""Separation rules 1, 6, 10, 11 and 12 (numbers as in the domain's list) as attacks on a file: with genuine sessions over the API, and with SQL
as the application's role under a genuine context. Whatever is refused to one is done by another, so that each refusal can fail."""

import secrets
import unittest
import uuid

from approval_case import correction
from board_case import TEXTS
from separation_case import RulesCase
from stack import problem
from test_intake import LOAD, SWEEP

OWN = "nobody has a part in his own evaluation"
FILE = "e.issuer_unit_id, gen_random_uuid(), e.issuer_scope_id, e.id, e.judge_id"
KEYS = "unit_id, id, issuer_scope_id, evaluation_id, judge_id"
# Each part of rule 1 as a whole row: capacity that may write it, state of the file, further columns and their values.
PARTS = {
    "rating": ("member", "rating", "account_id, round, item_no, mark_ct, key_version", "'{who}', 1, 1, '\\x01', 1"),
    "draft": ("rapporteur", "drafted", "round, no, body_ct, key_version", "1, 1, '\\x01', 1"),
    "calibration_change": ("calibrator", "drafted", "session_id, item_no, round, before_ct, after_ct, reason_ct, key_version",
                           "gen_random_uuid(), 1, 1, '\\x01', '\\x01', '\\x01', 1"),
    "verdict": ("chair", "replied", "round, body_ct, key_version", "1, '\\x01', 1"),
    "appeal_vote": ("appeal_member", "appealed", "round, appeal_id, person_id, body_ct, key_version",
                    "1, (select a.id from sanjeh.appeal a where a.evaluation_id = e.id), '{who}', '\\x01', 1"),
}


class OwnMatter(RulesCase):
    """Rule 1. The office account sits in the file of the judge whom its holder is, as if nobody had known: all else allows what it does."""

    def own(self, *capacities):
        own = self.evaluation(self.cycle(), judge=self.mine)
        for name in ("sep.rater", "sep.other"):
            self.plant(own, name, *capacities)
        return own

    def row(self, table, evaluation, name):
        _, _, columns, values = PARTS[table]
        return (f"with w as (insert into sanjeh.{table} ({KEYS}, created_by, {columns}) select {FILE}, '{self.account(name)}', "
                f"{values.format(who=self.account(name))} from sanjeh.evaluation e where e.id = '{evaluation}' returning 1) select count(*) from w")

    def appealed(self, evaluation):
        self.stack.sql(f"""insert into sanjeh.appeal ({KEYS}, created_by, round, body_ct, key_version) select {FILE}, e.judge_id, 1, '\\x01', 1
            from sanjeh.evaluation e where e.id = '{evaluation}'""")

    def test_rule_01_the_database_takes_no_row_of_the_judge_himself(self):
        own = self.own(*(capacity for capacity, *_ in PARTS.values()))
        self.appealed(own)
        self.stack.sql(f"update sanjeh.evaluation set marks_locked_at = null where id = '{own}'")
        for table, (_, state, _, _) in PARTS.items():
            with self.subTest(table):
                self.move(own, state, ", marks_locked_at = " + ("null" if state == "rating" else "now()"))
                self.refused([self.account("sep.rater")], self.row(table, own, "sep.rater"), OWN)
                self.passes([self.account("sep.other")], self.row(table, own, "sep.other"))

    def test_rule_01_the_database_changes_no_row_of_the_judge_himself(self):
        """Rows that were there before the account was linked: nothing more happens to them."""
        own = self.own("member")
        for name in ("sep.rater", "sep.other"):
            self.stack.sql("set session_replication_role = replica; " + self.row("rating", own, name).split(" returning")[0][len("with w as ("):])
        self.move(own, "rating")
        change = ("with w as (update sanjeh.rating set mark_ct = '\\x02' where evaluation_id = '{}' and account_id = '{}' returning 1) "
                  "select count(*) from w")
        self.refused([self.account("sep.rater")], change.format(own, self.account("sep.rater")), OWN)
        self.passes([self.account("sep.other")], change.format(own, self.account("sep.other")))

    def test_rule_01_no_gate_and_no_correction_of_oneself(self):
        own = self.own("member")
        self.move(own, "decided", ", marks_locked_at = now()")
        gate, keeper, pic = self.gate(own, "PIC"), self.account("sep.keeper"), self.unit("PIC")
        put = ("with w as (update sanjeh.gate_answer set state = 'answered', value = 'clear', effect = 'none', answered_at = now(), expires_on = "
               f"current_date + 30, answered_by = '{{}}' where id = '{gate}' returning 1) select count(*) from w")
        self.refused([pic, keeper], put.format(keeper), OWN)
        scope, issuer, other = self.unit("JDP-E"), self.account("sep.issuer"), self.account("jdpe.manager")
        ask = ("with w as (insert into sanjeh.gate_answer (unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id, issuer_scope_id, "
               "judge_id, round, gate, purpose, created_by) select u.id, gen_random_uuid(), u.id, e.id, e.unit_id, e.issuer_unit_id, "
               "e.issuer_scope_id, e.judge_id, 1, 'D04', 'promotion', '{0}' from sanjeh.evaluation e, sanjeh.unit u "
               f"where e.id = '{own}' and u.code = 'HRD' returning 1) select count(*) from w")
        order = (f"with w as (insert into sanjeh.correction_order ({KEYS}, created_by, round, body_ct, key_version) select {FILE}, '{{0}}', 1, "
                 f"'\\x01', 1 from sanjeh.evaluation e where e.id = '{own}' returning 1) select count(*) from w")
        for text in (ask, order):
            self.refused([self.unit("JDP"), scope, issuer], text.format(issuer), OWN)
            self.passes([self.unit("JDP"), scope, other], text.format(other))
        problem(self, self.answer("sep.keeper", gate), 403, "FORBIDDEN")
        self.assertEqual(self.answer("sep.pic", gate).status, 200)
        self.move(own, "final", ", state_since = now() - interval '1 day'")
        path = f"/api/v1/evaluations/{own}/corrections"
        problem(self, self.stack.client("sep.issuer").post(path, {"reason": "به نفع خود"}), 403, "FORBIDDEN")
        body = correction(self.stack, "jdpe.manager", "approver.separation", own, "اشتباه")
        self.assertEqual(self.issuer.post(path, body).status, 201)

    def test_rule_01_nobody_sits_in_his_own_file(self):
        own = self.evaluation(self.cycle(), judge=self.mine)
        for capacity in ("member", "appeal_member", "calibrator", "reviewer", "observer"):
            self.faults(self.seat(own, account_id=self.account("sep.rater"), capacity=capacity), 409, "CONFLICT", "SELF")
        self.assertEqual(self.seat(own, account_id=self.account("sep.other"), capacity="member").status, 201)
        self.move(own, "rating")
        self.assertEqual(self.mark(own, "sep.rater").status, 404, "without a seat the file is not there")
        # the owner's own hand in the database writes no false person either
        add = ("with w as (insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id) "
               "select e.unit_id, e.id, '{0}', '{1}', 'observer', true, e.judge_id, e.issuer_scope_id from sanjeh.evaluation e "
               f"where e.id = '{own}' returning 1) select count(*) from w")
        hrd, rater = [self.unit("HRD"), self.account("hrd.manager")], self.account("sep.rater")
        self.refused(hrd, add.format(rater, rater), "the account is another person")
        self.refused(hrd, add.format(rater, self.mine), "seat_not_oneself")
        self.passes(hrd, add.format(self.account("sep.outside"), self.account("sep.outside")))

    def test_rule_01_the_server_takes_no_mark_draft_verdict_or_change(self):
        own = self.own("member", "chair", "rapporteur", "calibrator")
        cycle = self.stack.sql(f"select cycle_id from sanjeh.evaluation where id = '{own}'")
        panel = self.board(cycle, (("sep.other", "chair"), ("sep.rater", "member"), ("board.four", "member")), "calibration")["id"]
        mine, other = self.stack.client("sep.rater"), self.stack.client("sep.other")
        path = f"/api/v1/evaluations/{own}"
        self.move(own, "rating")
        for item, mark in enumerate(("90", "4", "70"), 1):
            body = {"item_no": item, "mark": mark, "reason": "متن"}
            problem(self, mine.post(path + "/ratings", body), 403, "FORBIDDEN")
            self.assertEqual(other.post(path + "/ratings", body).status, 201)
        self.move(own, "drafted", ", marks_locked_at = now()")
        session = other.post("/api/v1/calibrations", {"cycle_id": cycle, "board_id": panel, "present": [
            self.account("sep.other"), self.account("sep.rater")]})
        self.assertEqual(session.status, 201, session)
        self.stack.sql(f"update sanjeh.rating set submitted_at = now() where evaluation_id = '{own}'")
        change = {"evaluation_id": own, "account_id": self.account("sep.other"), "item_no": 1, "before": "90", "after": "91", "reason": "متن"}
        steps = [(f"/api/v1/calibrations/{session.json()['id']}/changes", change),
                 (path + "/drafts", {"state": "working", "families": TEXTS, "overall": "خوب"})]
        for at, body in steps:
            problem(self, mine.post(at, body), 403, "FORBIDDEN")
        self.end_seats(own, "sep.rater")  # nobody waits for his marks
        for at, body in steps:
            done = other.post(at, body)
            self.assertEqual(done.status, 201, done)
        self.stack.sql(f"update sanjeh.seat set ended_at = null, ended_reason = null where evaluation_id = '{own}'")
        self.move(own, "reply_lapsed", ", disclosed_at = now()")
        verdict = {"items": [{"item_no": 1, "outcome": "unchanged"}], "narrative": "گزارش"}
        problem(self, mine.post(path + "/verdicts", verdict), 403, "FORBIDDEN")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.verdict where evaluation_id = '{own}'"), "0")
        whole = {**verdict, "items": [{"item_no": item, "outcome": "unchanged"} for item in (1, 2, 3, 4)]}
        problem(self, mine.post(path + "/verdicts", whole), 403, "FORBIDDEN")
        done = other.post(path + "/verdicts", whole)
        self.assertEqual(done.status, 201, done)

    def test_rule_01_the_server_takes_no_appeal_vote(self):
        own = self.own("appeal_member")
        self.plant(own, "appeal.one", "appeal_chair")
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
            select unit_id, gen_random_uuid(), id, 'appeal', 'judge', now(), now() + interval '15 days'
            from sanjeh.evaluation where id = '{own}'""")
        self.move(own, "issued", ", marks_locked_at = now(), disclosed_at = now(), issued_at = now()")
        made = self.stack.client("sep.judge").post(f"/api/v1/evaluations/{own}/appeals", {"grounds": "دلایل"})
        self.assertEqual(made.status, 201, made)
        path, vote = f"/api/v1/appeals/{made.json()['id']}/votes", {"outcome": "rejected", "reason": "متن"}
        problem(self, self.stack.client("sep.rater").post(path, vote), 403, "FORBIDDEN")
        self.assertEqual(self.stack.client("sep.other").post(path, vote).status, 201)


class Complaints(RulesCase):
    """Rule 6. The product takes no complaint in: JDP-D's one word about a judge is a final extract at a gate. What JDP-D keeps beside it, who
    handled a file on him, is seen by nobody else and said as a part in some matter."""

    FORMS = (("complaints", "judge,state\nHRD-0001,pending\n", "/kind", "UNKNOWN"), ("disciplinary", "judge,degree\nHRD-0001,3\n", "/kind", "UNKNOWN"))
    ROWS = (("measures", "judge,indicator,value,n\nHRD-0001,D01,40,2\n", "NOT_CONTRIBUTOR"),
            ("measures", "judge,indicator,value,n\nHRD-0001,D02,3,\n", "NOT_CONTRIBUTOR"),
            ("measures", "judge,indicator,value,n,state\nHRD-0001,D01,40,2,pending\n", "UNKNOWN_COLUMN"))
    COUNTED = LOAD.rstrip() + ",complaints\nHRD-0001,SEP-C,1404-01,1,1,0,0,0,1,1,3\n"

    def setUp(self):
        self.discipline = self.stack.client("jdpd.manager")

    def send_all(self, evaluation, gate):
        """Pending and rejected complaints by every door that JDP-D has; each is refused by a named code."""
        for kind, data, pointer, code in self.FORMS:
            for path in ("/api/v1/contributions", "/api/v1/imports"):
                body = {"kind": kind, "format": "csv", "period": "1404", **({"data": data} if path.endswith("contributions") else {})}
                document = problem(self, self.discipline.post(path, body), 422, "INVALID")
                self.assertEqual([(fault["pointer"], fault["code"]) for fault in document["errors"]], [(pointer, code)])
        for kind in ("workload", "survey_means", "roster"):
            problem(self, self.discipline.post("/api/v1/contributions", {"kind": kind, "format": "csv", "period": "1404",
                                                                         "data": self.COUNTED}), 403, "FORBIDDEN")
        for kind, data, code in self.ROWS:
            sent = self.discipline.post("/api/v1/contributions", {"kind": kind, "format": "csv", "data": data, "period": "1404"})
            self.assertIn(code, {fault["code"] for fault in problem(self, sent, 422, "ROWS_REJECTED")["errors"]})
        for value in ("pending", "rejected", "complaint"):
            document = problem(self, self.answer("jdpd.manager", gate, value=value, gist="شکایت"), 422, "INVALID")
            self.assertEqual(document["errors"][0]["code"], "UNKNOWN_VALUE")
        for state in ("", None):
            body = {"value": "remark", "gist": "شکایت مطرح است", "degree": 3, **({} if state is None else {"final_judgment_no": state})}
            self.assertEqual(problem(self, self.answer("jdpd.manager", gate, **body), 422)["errors"][0]["code"], "NOT_FINAL")
        problem(self, self.answer("jdpd.manager", gate, value="clear", status="pending"), 400, "UNKNOWN_MEMBER")
        made = self.discipline.post("/api/v1/relations", {"person_id": self.person("board.two"), "judge_id": self.judge_id,
                                                          "kind": "disciplinary", "valid_from": "1403-01-01"})
        self.assertEqual(made.status, 201, made)
        return made.json()["id"]

    def sheet(self, cycle, evaluation):
        self.assertIn(self.owner.post(f"/api/v1/cycles/{cycle}/computations").status, (200, 201))
        answer = self.issuer.get(f"/api/v1/evaluations/{evaluation}/score")
        self.assertEqual(answer.status, 200, answer)
        return {name: value for name, value in answer.json().items() if name not in ("computed_at", "version", "id", "run_id")}

    def seen(self, client):
        """Everything that lists of the API tell somebody."""
        told = []
        paths = self.stack.anonymous().get("/api/v1/openapi.json").json()["paths"]
        for path in sorted(path for path in paths if "{" not in path and "get" in paths[path] and path.startswith("/api/v1/")):
            answer = client.get(path)
            told.append(answer.body.decode(errors="replace") if answer.status == 200 else "")
        self.assertGreater(sum(1 for text in told if text), 3)
        return "\n".join(told)

    def test_rule_06_complaints_are_seen_by_nobody_and_counted_nowhere(self):
        self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
        cycle = self.cycle()
        evaluation = self.evaluation(cycle, "collecting")
        self.assertEqual(self.seat(evaluation, account_id=self.account("board.one"), capacity="chair").status, 201)
        before = self.sheet(cycle, evaluation)
        gate = self.gate(evaluation, "JDP-D", "D02")
        relation = self.send_all(evaluation, gate)
        self.assertEqual(self.sheet(cycle, evaluation), before)
        self.assertIn(relation, [row["id"] for row in self.discipline.items("/api/v1/relations")])
        for name in ("hrd.manager", "jdpe.manager", "sc.manager", "sit.manager", "sit.analyst", "board.one", "board.two", "judge.one",
                     "sep.pic", "appeal.one"):
            told = self.seen(self.stack.client(name))
            self.assertNotIn(relation, told, name)
            self.assertNotIn('"kind":"disciplinary"', told, name)
        look = f"select count(*) from sanjeh.relation where id = '{relation}'"
        for name, units in (("hrd.manager", ("HRD",)), ("jdpe.manager", ("JDP", "JDP-E")), ("sc.manager", ("SC",)), ("sit.manager", ("SIT",)),
                            ("sep.pic", ("PIC",)), ("board.one", ("SC",)), ("judge.one", ())):
            self.passes([*map(self.unit, units), self.account(name)], look, "0")
        self.passes([self.judge_id, self.account("judge.one")], look, "0")
        self.passes([self.unit("JDP"), self.unit("JDP-D"), self.account("jdpd.manager")], look)
        self.assertEqual(self.stack.sql(f"select state, value is null, body_ct is null from sanjeh.gate_answer where id = '{gate}'"), "asked|t|t")

    def test_rule_06_what_keeps_an_evaluator_away_does_not_tell_of_a_file(self):
        """The rule is the one of a party to any matter, whoever entered it."""
        told = []
        for client, kind in ((self.discipline, "disciplinary"), (self.stack.client("sc.manager"), "party")):
            self.stack.sql("delete from sanjeh.relation")
            self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
            self.assertEqual(client.post("/api/v1/relations", {"person_id": self.person("board.two"), "judge_id": self.judge_id, "kind": kind,
                                                               "valid_from": "1403-01-01"}).status, 201)
            _, evaluation = self.seated("notified")
            found = self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts")
            told.append([{name: value for name, value in row.items() if name not in ("id", "evaluation_id", "found_at")} for row in found])
        self.assertEqual([row["rule"] for row in told[0]], ["PARTY"])
        self.assertEqual(told[0], told[1])

    def test_rule_06_the_database_knows_no_pending_answer(self):
        _, evaluation = self.seated("decided")
        gate, unit = self.gate(evaluation, "PIC"), self.unit("PIC")
        put = ("with w as (update sanjeh.gate_answer set state = 'answered', value = '{}', effect = 'none', answered_at = now(), expires_on = "
               f"current_date + 30 where id = '{gate}' returning 1) select count(*) from w")
        for value in ("pending", "rejected"):
            self.refused([unit], put.format(value), "gate_answer_value_known")
        self.assertNotIn(gate, [row["id"] for row in self.judge.items("/api/v1/gates")])
        self.passes([unit], put.format("clear"))

    def test_rule_06_no_indicator_counts_pending_complaints(self):
        definition = {"code": "Z" + secrets.token_hex(4).upper(), "kind": "reported", "name_fa": "شکایت", "name_en": "Complaints", "unit": "‰",
                      "direction": "lower", "anchor_floor": 100, "anchor_target": 10, "anchor_cap": 0, "level": "X", "standard": "design",
                      "contributor_unit": "JDP-D", "min_n": 1}
        for words in ("pending complaints of the year", "unproven complaints"):
            answer = self.owner.post("/api/v1/indicators", {**definition, "method": words})
            self.assertEqual([fault["code"] for fault in problem(self, answer, 422, "INVALID")["errors"]], ["REFUSED_DEFINITION"], words)


class Freeze(RulesCase):
    """Rule 10, for batches of both kinds, by the server and by the database."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.since = cls.stack.sql("select clock_timestamp()")
        cls.sit = cls.stack.client("sit.manager")

    @classmethod
    def tearDownClass(cls):
        cls.stack.sql(SWEEP.format(since=cls.since))
        super().tearDownClass()

    def send(self, month, cycle=None, judge="HRD-0001", **more):
        data = LOAD + f"{judge},SEP-F,1404-{month:02},1,1,0,0,0,1,1\n"
        return self.sit.post("/api/v1/contributions", {"kind": "workload", "format": "csv", "data": data, **({"cycle": cycle} if cycle else {}),
                                                       **more})

    def sent(self, month, cycle=None, **more):
        answer = self.send(month, cycle, **more)
        self.assertEqual(answer.status, 201, answer)
        return answer.json()["id"]

    def step(self, contribution, to):
        path = f"/api/v1/contributions/{contribution}"
        return self.sit.post(path + "/moves", {"to": to}, headers={"If-Match": self.sit.get(path).header("ETag")})

    def bulk(self, cycle):
        return self.sit.post("/api/v1/imports", {"kind": "workload", "format": "csv", "cycle": cycle})

    def part(self, job):
        text = (LOAD + "HRD-0001,SEP-F,1404-12,1,1,0,0,0,1,1\n").encode()
        return self.sit.request("POST", f"/api/v1/imports/{job}/parts?offset=0", body=text, headers={"Content-Type": "text/csv"})

    def test_rule_10_only_a_correction_order_changes_frozen_data(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle, "collecting")
        code, open_code = (self.stack.sql(f"select code from sanjeh.cycle where id = '{c}'") for c in (cycle, self.cycle()))
        named, held, unnamed = self.sent(1, code), self.sent(2, code, hold=True), self.sent(3)
        self.sent(4, open_code, judge="HRD-0002")
        job = self.bulk(code).json()["id"]
        self.assertEqual(self.part(job).status, 200)
        self.assertEqual(self.sent(5, code, supersedes=self.sent(5, code)).__class__, str, "until the freeze a unit corrects its own")
        self.stack.sql(f"update sanjeh.cycle set state = 'frozen', frozen_at = clock_timestamp() where id = '{cycle}'")
        self.move(evaluation, "frozen", ", frozen_at = clock_timestamp()")
        for answer in (self.send(6, code), self.send(6, code, hold=True), self.send(1, supersedes=named), self.send(1, code, supersedes=named),
                       self.send(1, open_code, supersedes=named), self.step(held, "validated"), self.bulk(code),
                       self.sit.request("POST", f"/api/v1/imports/{job}/start"), self.send(3, supersedes=unnamed)):
            problem(self, answer, 409, "FROZEN")
        self.assertEqual(self.send(6, open_code).status, 201, "another cycle is open")
        self.refuses_sql(code, open_code, named, unnamed)
        self.corrects(evaluation, unnamed)

    def refuses_sql(self, code, open_code, named, unnamed):
        sit = [self.unit("SIT"), self.account("sit.manager")]
        batch = ("with w as (insert into sanjeh.contribution (unit_id, id, kind, format, cycle, file_sha256, key_version, byte_size, rows_ok, "
                 "rows_rejected, state, submitted_by) select unit_id, gen_random_uuid(), kind, format, '{}', file_sha256, key_version, 1, 1, 0, "
                 f"'accepted', submitted_by from sanjeh.contribution where id = '{named}' returning 1) select count(*) from w")
        job = ("with w as (insert into sanjeh.import_job (unit_id, id, kind, format, accept, cycle, key_version, submitted_by, tenant_tag) "
               "select unit_id, gen_random_uuid(), 'workload', 'csv', 'valid_rows', '{}', 1, submitted_by, unit_id from sanjeh.contribution "
               f"where id = '{named}' returning 1) select count(*) from w")
        for text in (batch, job):
            self.refused(sit, text.format(code), "only a correction order changes")
            self.passes(sit, text.format(open_code))
        fact = ("insert into sanjeh.workload_fact (unit_id, id, contribution_id, judge_unit_id, judge_id, court_id, period_from, period_to, "
                "pending_start, filed, returned, transferred_in, transferred_out, resolved, pending_end) select f.unit_id, gen_random_uuid(), "
                "f.contribution_id, f.judge_unit_id, f.judge_id, f.court_id, f.period_from - 4000, f.period_to - 4000, 9, 9, 0, 0, 0, 9, 9 "
                "from sanjeh.workload_fact f where f.contribution_id = '{}'")
        opened = self.stack.sql(f"select id from sanjeh.contribution where cycle = '{open_code}' and rows_ok = 1 order by created_at limit 1")
        withdraw = "update sanjeh.workload_fact set in_force = false where contribution_id = '{}'"
        for text in (fact, withdraw, "update sanjeh.contribution set state = 'superseded' where id = '{}'"):
            self.refused(sit, text.format(named), "only a correction order changes")
        for text in (withdraw, "update sanjeh.contribution set state = 'superseded' where id = '{}'"):
            self.refused(sit, text.format(unnamed), "only a correction order changes")
        self.passes(sit, fact.format(opened) + f"; select count(*) from sanjeh.workload_fact where contribution_id = '{opened}'", "2")
        self.passes(sit, withdraw.format(opened) + f"; select count(*) from sanjeh.workload_fact where in_force and contribution_id = '{opened}'", "0")

    def corrects(self, evaluation, unnamed):
        path = f"/api/v1/evaluations/{evaluation}/corrections"
        self.move(evaluation, "final", ", state_since = now() - interval '1 day', issued_at = now()")
        for name, status in (("hrd.manager", 403), ("sit.manager", 403), ("judge.one", 403), ("board.one", 403)):
            self.assertEqual(self.stack.client(name).post(path, {"reason": "تصحیح"}).status, status, name)
        problem(self, self.send(3, supersedes=unnamed), 409, "FROZEN")
        self.assertEqual(self.issuer.post(path, {"reason": "اشتباه در شمارش"}).status, 409, "not alone")
        made = self.issuer.post(path, correction(self.stack, "jdpe.manager", "approver.freeze", evaluation, "اشتباه در شمارش"))
        self.assertEqual(made.status, 201, made)
        mine = {row["id"]: row for row in self.judge.items(f"/api/v1/corrections?evaluation_id={evaluation}")}
        self.assertEqual(mine[made.json()["id"]]["reason"], "اشتباه در شمارش")
        self.assertEqual(self.stack.client("judge.two").items(f"/api/v1/corrections?evaluation_id={evaluation}"), [])
        self.assertEqual(self.send(3, supersedes=unnamed).status, 201, "with an order the data are put right")


class Heads(RulesCase):
    """Rule 11."""

    def test_rule_11_a_head_says_his_opinion_and_sees_no_mark(self):
        _, evaluation = self.seated("notified")
        path, head = f"/api/v1/evaluations/{evaluation}", self.stack.client("sep.outside")
        self.assertEqual(self.seat(evaluation, account_id=self.account("sep.outside"), capacity="court_head").status, 201)
        opinion = {"kind": "opinion", "title": "نظر رئیس دادگاه", "text": "منظم و دقیق"}
        problem(self, self.stack.client("board.one").post(path + "/evidence", opinion), 403, "FORBIDDEN")
        problem(self, self.judge.post(path + "/evidence", opinion), 403, "FORBIDDEN")
        problem(self, head.post(path + "/evidence", {**opinion, "kind": "document"}), 403, "FORBIDDEN")
        said = head.post(path + "/evidence", opinion)
        self.assertEqual((said.status, said.json()["state"]), (201, "offered"), said)
        self.assertIn(said.json()["id"], [row["id"] for row in self.stack.client("board.one").items(f"/api/v1/evidence?evaluation_id={evaluation}")])
        row = (f"with w as (insert into sanjeh.evidence_item ({KEYS}, created_by, kind, offered_as, body_ct, key_version) select {FILE}, '{{0}}', "
               f"'opinion', 'seat', '\\x01', 1 from sanjeh.evaluation e where e.id = '{evaluation}' returning 1) select count(*) from w; "
               "rollback; begin")
        self.refused([self.account("board.one")], row.format(self.account("board.one")), "opinion_of_head")
        self.passes([self.account("sep.outside")], row.format(self.account("sep.outside")))
        self.move(evaluation, "rating", ", frozen_at = now()")
        self.assertEqual(problem(self, head.post(path + "/evidence", opinion), 409, "GUARD_UNMET")["errors"][0]["code"], "FROZEN")
        problem(self, self.mark(evaluation, "sep.outside"), 403, "FORBIDDEN")
        row = (f"insert into sanjeh.rating ({KEYS}, created_by, account_id, round, item_no, mark_ct, key_version) select {FILE}, '{{0}}', '{{0}}', "
               f"1, 1, '\\x01', 1 from sanjeh.evaluation e where e.id = '{evaluation}'")
        outside = self.account("sep.outside")
        self.refused([outside], row.format(outside), "row-level security")
        for name in ("board.one", "board.two", "board.three"):
            for item, mark in enumerate(("80", "4", "70"), 1):
                rated = self.stack.client(name).post(path + "/ratings", {"item_no": item, "mark": mark, "reason": "متن"})
                self.assertEqual(rated.status, 201, rated)
            self.assertEqual(self.stack.client(name).post(path + "/ratings/submit").status, 200)
        draft = self.stack.client("board.three").post(path + "/drafts", {"state": "final", "families": TEXTS, "overall": "خوب"})
        self.assertEqual(draft.status, 201, draft)
        self.assertNotIn(outside, draft.body.decode(), "whoever speaks is no rater")
        marks = self.stack.client("board.one").items(path + "/ratings")
        self.assertEqual(len(marks), 9, "an opinion is no mark")
        steps = {step["to"]: step["unmet"] for step in self.stack.client("board.three").get(path).json()["next"]}
        self.assertEqual(steps["drafted"], [], "nobody waits for a mark of his")
        self.move(evaluation, "disclosed", ", marks_locked_at = now(), disclosed_at = now()")
        for kind in ("ratings", "drafts", "calibration-changes"):
            answer = head.get(f"{path}/{kind}")
            self.assertEqual((answer.status, answer.json().get("items")), (200, []), kind)
        for table in ("rating", "draft", "calibration_change", "evaluation_score", "observation"):
            self.passes([outside], f"select count(*) from sanjeh.{table} where evaluation_id = '{evaluation}'", "0")
        self.passes([self.account("board.one")], f"select count(*) from sanjeh.rating where evaluation_id = '{evaluation}'", "9")
        mine = {row["id"]: row for row in self.judge.items(f"/api/v1/evidence?evaluation_id={evaluation}")}
        self.assertEqual(mine[said.json()["id"]]["kind"], "opinion", "the judge reads it with the rest of his file")

    def courts(self):
        """Three courts one above the other; low, head and high hold posts there. All over the API."""
        tag, parent, courts = secrets.token_hex(4).upper(), None, []
        for level in ("HIGH", "MID", "LOW"):
            made = self.owner.post("/api/v1/courts", {"code": f"SEP-{level}-{tag}", "name_fa": "دادگاه", "name_en": "Court",
                                                      **({"parent_id": parent} if parent else {})})
            self.assertEqual(made.status, 201, made)
            parent = made.json()["id"]
            courts.append(parent)
        for name, court in (("sep.high", courts[0]), ("sep.head", courts[1]), ("sep.low", courts[2])):
            made = self.owner.post("/api/v1/postings", {"judge_id": self.person(name), "court_id": court, "branch": tag, "title": "رئیس شعبه",
                                                        "from": "1400-01-01"})
            self.assertEqual(made.status, 201, made)
            self.addCleanup(self.stack.sql, f"delete from sanjeh.posting where branch = '{tag}'")

    def test_rule_11_a_head_is_evaluated_by_people_of_a_higher_court(self):
        self.courts()
        for is_head_first in (True, False):
            with self.subTest(is_head_first):
                cycle = self.cycle()
                led, head = self.evaluation(cycle), self.evaluation(cycle, judge=self.person("sep.head"))
                if is_head_first:
                    self.assertEqual(self.seat(led, account_id=self.account("sep.head"), capacity="court_head").status, 201)
                for name in ("sep.low", "sep.high"):
                    self.assertEqual(self.seat(head, account_id=self.account(name), capacity="member").status, 201)
                if not is_head_first:
                    self.assertNotIn("SUPERIOR", [row["rule"] for row in self.owner.items(f"/api/v1/evaluations/{head}/conflicts")])
                    self.assertEqual(self.seat(led, account_id=self.account("sep.head"), capacity="court_head").status, 201)
                found = [(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{head}/conflicts")
                         if row["rule"] == "SUPERIOR"]
                self.assertEqual(found, [("SUPERIOR", self.account("sep.low"))])


class Offices(RulesCase):
    """Rule 12."""

    def test_rule_12_no_evaluator_of_his_own_unit(self):
        own = self.evaluation(self.cycle(), judge=self.mine)
        self.assertEqual(self.seat(own, account_id=self.account("board.two"), capacity="member").status, 201)
        self.assertEqual(self.seat(own, account_id=self.account("sep.outside"), capacity="member").status, 201)
        found = [(row["rule"], row["account_id"]) for row in self.owner.items(f"/api/v1/evaluations/{own}/conflicts")]
        self.assertEqual(found, [("OWN_UNIT", self.account("board.two"))])

    def test_rule_12_the_issuer_is_another_unit(self):
        cycle, free = self.cycle(), self.person("sep.low")
        self.stack.sql(f"""update sanjeh.cycle set population = '{{"judges": ["{self.mine}", "{free}"]}}' where id = '{cycle}'""")
        path = f"/api/v1/cycles/{cycle}/evaluations"
        dry = self.owner.post(path + "?dry_run=true").json()
        self.assertEqual(dry["planned"], 1)
        self.assertIn({"judge_id": self.mine, "reason": "OWN_UNIT"}, dry["out"])
        self.assertEqual(self.owner.post(path).status, 200)
        self.assertEqual([row["judge_id"] for row in self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}")], [free])
        add = ("with w as (insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id) "
               "select c.unit_id, gen_random_uuid(), c.id, c.unit_id, '{}', c.issuer_unit_id, c.issuer_scope_id from sanjeh.cycle c "
               f"where c.id = '{cycle}' returning 1) select count(*) from w")
        hrd = [self.unit("HRD"), self.account("hrd.manager")]
        self.refused(hrd, add.format(self.mine), "is evaluated outside it")
        self.passes(hrd, add.format(self.person("sep.high")))
        ago = self.unit("AGO")  # where he holds none
        self.stack.sql(f"update sanjeh.cycle set issuer_unit_id = '{ago}', issuer_scope_id = '{ago}' where id = '{cycle}'")
        self.assertEqual(self.owner.post(path).status, 200)
        self.assertIn(self.mine, [row["judge_id"] for row in self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}")])

    def test_rule_12_who_came_to_the_office_later_is_served_and_told_nothing_by_it(self):
        files = {judge: self.evaluation(self.cycle(), judge=judge) for judge in (self.mine, self.person("sep.low"))}
        row = (f"with w as (insert into sanjeh.disclosure ({KEYS}, created_by, round, served_at, sha256, body_ct, key_version) select {FILE}, "
               "'{0}', 1, now(), sha256('x'), '\\x01', 1 from sanjeh.evaluation e where e.id = '{1}' returning 1) select count(*) from w")
        card = ("with w as (insert into sanjeh.report_card (unit_id, id, issuer_scope_id, owner_unit_id, evaluation_id, judge_id, round, no, "
                "prev_sha256, sha256, signature, part_count, bytes, key_version, test, issued_by, issued_at) select e.issuer_unit_id, "
                "gen_random_uuid(), e.issuer_scope_id, e.unit_id, e.id, e.judge_id, 1, coalesce(l.no, 0) + 1, coalesce(l.sha256, "
                "decode(repeat('00', 32), 'hex')), sha256('x'), repeat('x', 200), 1, 2, 1, true, '{0}', now() from sanjeh.evaluation e left join "
                "(select k.no, k.sha256 from sanjeh.report_card k order by k.no desc limit 1) as l on true where e.id = '{1}' returning 1) "
                "select count(*) from w; rollback; begin")
        jdp, issuer = [self.unit("JDP"), self.unit("JDP-E"), self.account("jdpe.manager")], self.account("jdpe.manager")
        for judge, evaluation in files.items():
            path = f"/api/v1/evaluations/{evaluation}"
            self.move(evaluation, "drafted", ", marks_locked_at = now()")
            served = self.issuer.post(path + "/disclosures")
            issued = self.issuer.post(path + "/report-cards", headers={"If-Match": self.issuer.get(path).header("ETag")})
            if judge == self.mine:
                for answer in (served, issued):
                    self.faults(answer, 409, "CONFLICT", "OWN_UNIT")
                for text in (row, card):
                    self.refused(jdp, text.format(issuer, evaluation), "is evaluated outside it")
            else:
                self.faults(served, 409, "GUARD_UNMET", "NO_DRAFT")
                problem(self, issued, 409, "NO_SUCH_MOVE")
                for text in (row, card):
                    self.passes(jdp, text.format(issuer, evaluation))


if __name__ == "__main__":
    unittest.main()
