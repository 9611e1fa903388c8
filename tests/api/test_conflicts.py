# SPDX-License-Identifier: Apache-2.0
"""Separation rules that a decision could soften: what was found against somebody ends with his seat (3), gates stay shut in a second round
as in the first (5), who issued the card hears no appeal under another account (9), a head of a court has a board of a higher court (11)."""

import secrets
import unittest

from board_case import TEXTS
from separation_case import RulesCase
from stack import problem

COLUMNS = "resolution = '{}', state = 'resolved', reason = 'x', resolved_by = '{}', resolved_at = now()"


class Conflicts(RulesCase):
    # ---- rule 3 ----

    def found(self, evaluation, name):
        return {row["rule"]: row for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts") if row["account_id"] == self.account(name)}

    def is_a_fact(self, evaluation, rule, name):
        """Neither owner nor issuer explains it away, nor does the database let them; it ends when the seat does."""
        found = self.found(evaluation, name)[rule]
        path, etag = f"/api/v1/conflicts/{found['id']}/decision", {"If-Match": f'"v{found["version"]}"' if "version" in found else '"v1"'}
        for client in (self.owner, self.issuer):
            problem(self, client.post(path, {"outcome": "no_conflict", "reason": "به نظر ما مانعی نیست"}, headers=etag), 409, "CONFLICT")
        put = f"with w as (update sanjeh.conflict set {{}} where id = '{found['id']}' returning 1) select count(*) from w"
        context = [self.unit("HRD"), self.account("hrd.manager")]
        self.refused(context, put.format(COLUMNS.format("no_conflict", self.account("hrd.manager"))), "conflict_of_fact_ends_seat")
        self.refused(context, put.format(COLUMNS.format("seat_ended", self.account("hrd.manager"))), "the conflict is not ended: the seat is kept")
        self.assertEqual(self.found(evaluation, name)[rule]["state"], "open")
        done = self.owner.post(path, {"outcome": "seat_ended", "reason": "تعارض"}, headers=etag)
        self.assertEqual((done.status, done.json()["resolution"]), (200, "seat_ended"), done)
        seats = {row["account_id"]: row["ended_at"] for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/seats")}
        self.assertTrue(seats[self.account(name)], "his seat goes with it")
        self.assertEqual(self.seat(evaluation, account_id=self.account(name), capacity="member").status, 409, "he comes back")

    def test_rule_03_no_reason_heals_what_was_found(self):
        self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
        sc, disciplinary = self.stack.client("sc.manager"), self.stack.client("jdpd.manager")
        for kind, rule, client in (("kin", "KIN", sc), ("partner", "KIN", sc), ("party", "PARTY", sc), ("candidate", "CANDIDATE", sc),
                                   ("disciplinary", "PARTY", disciplinary)):
            with self.subTest(kind):
                self.stack.sql("delete from sanjeh.relation")
                made = client.post("/api/v1/relations", {"person_id": self.person("board.two"), "judge_id": self.judge_id, "kind": kind,
                                                         "valid_from": "1400-01-01"})
                self.assertEqual(made.status, 201, made)
                self.is_a_fact(self.seated("frozen")[1], rule, "board.two")
        self.stack.sql("delete from sanjeh.relation")
        branch = "C" + secrets.token_hex(4).upper()
        court = self.owner.post("/api/v1/courts", {"code": branch, "name_fa": "دادگاه", "name_en": "Court"}).json()["id"]
        self.addCleanup(self.stack.sql, f"delete from sanjeh.posting where branch = '{branch}'")
        for person in (self.judge_id, self.person("board.two")):
            made = self.owner.post("/api/v1/postings", {"judge_id": person, "court_id": court, "branch": branch, "title": "دادرس", "from": "1400-01-01"})
            self.assertEqual(made.status, 201, made)
        self.is_a_fact(self.seated("frozen")[1], "SAME_BRANCH", "board.two")

    def test_rule_03_a_declared_interest_is_weighed(self):
        _, evaluation = self.seated("frozen")
        said = self.stack.client("board.two").post(f"/api/v1/evaluations/{evaluation}/coi-declarations", {"has_interest": True, "interests": "سهام"})
        self.assertEqual(said.status, 201, said)
        found = self.found(evaluation, "board.two")["DECLARED"]
        done = self.owner.post(f"/api/v1/conflicts/{found['id']}/decision", {"outcome": "no_conflict", "reason": "فروخته شده است"},
                               headers={"If-Match": '"v1"'})
        self.assertEqual((done.status, done.json()["resolution"]), (200, "no_conflict"), done)

    # ---- rule 5 ----

    def test_rule_05_raters_read_no_gate_in_a_second_round(self):
        _, evaluation = self.seated("decided")
        self.move(evaluation, "decided", ", marks_locked_at = now(), disclosed_at = now()")
        path, raters = f"/api/v1/evaluations/{evaluation}", ("board.one", "board.two", "board.three")
        gates = [self.gate(evaluation, "PIC"), self.gate(evaluation, "JDP-D", "D02")]
        self.assertEqual(self.answer("sep.pic", gates[0], value="remark", gist="خلاصه").status, 200)
        self.assertEqual(self.answer("jdpd.manager", gates[1], value="remark", gist="خلاصه", degree=4, final_judgment_no="12/34").status, 200)
        look = "select count(*) from sanjeh.gate_answer where id = '{}'"
        for name in raters:  # the final extract's gate; what integrity said is not theirs at any time (matrix)
            self.passes([self.account(name)], look.format(gates[1]), "1")
            self.passes([self.account(name)], look.format(gates[0]), "0")
        self.move(evaluation, "issued", ", issued_at = now()")
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at) select unit_id,
            gen_random_uuid(), id, 'appeal', 'judge', now(), now() + interval '9 days' from sanjeh.evaluation where id = '{evaluation}'""")
        self.stack.sql(f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select e.unit_id, e.cycle_id, k.code, k.days, "
                       f"k.day_kind from sanjeh.evaluation e, sanjeh.clock k where e.id = '{evaluation}' on conflict do nothing")
        made = self.judge.post(f"{path}/appeals", {"grounds": "نمره رفتار"})
        self.assertEqual(made.status, 201, made)
        for name, capacity in (("appeal.one", "appeal_chair"), ("appeal.two", "appeal_member"), ("appeal.three", "appeal_member")):
            self.assertEqual(self.seat(evaluation, account_id=self.account(name), capacity=capacity).status, 201)
        appeal = f"/api/v1/appeals/{made.json()['id']}"
        for name in ("appeal.one", "appeal.two", "appeal.three"):
            self.assertEqual(self.stack.client(name).post(f"{appeal}/votes", {"outcome": "remanded", "reason": "دلیل"}).status, 201)
        chair = self.stack.client("appeal.one")
        done = chair.post(f"{appeal}/decision", {"outcome": "remanded", "reasons": "دوباره"}, headers={"If-Match": chair.get(appeal).header("ETag")})
        self.assertEqual(done.status, 200, done)
        again = self.owner.get(path).json()
        self.assertEqual((again["state"], again["round"]), ("rating", 2))
        asked = self.issuer.post(f"{path}/gates/ask", {"purpose": "promotion"})
        self.assertEqual(problem(self, asked, 409, "GUARD_UNMET")["errors"][0]["code"], "GATE_BEFORE_LOCK")
        for name in raters:
            self.assertFalse({row["id"] for row in self.stack.client(name).items("/api/v1/gates")} & set(gates), name)
            for gate in gates:
                self.assertEqual(self.stack.client(name).get(f"/api/v1/gates/{gate}").status, 404, name)
                self.passes([self.account(name)], look.format(gate), "0")
        for name in raters:
            for item, mark in enumerate(("80", "4", "70"), 1):
                rated = self.stack.client(name).post(f"{path}/ratings", {"item_no": item, "mark": mark, "reason": "متن"})
                self.assertEqual(rated.status, 201, rated)
            self.assertEqual(self.stack.client(name).post(f"{path}/ratings/submit").status, 200)
        draft = self.stack.client("board.three").post(f"{path}/drafts", {"state": "final", "families": TEXTS, "overall": "خوب"})
        self.assertEqual(draft.status, 201, draft)
        moved = self.stack.client("board.three").post(f"{path}/moves", {"to": "drafted"}, headers={"If-Match": self.owner.get(path).header("ETag")})
        self.assertEqual(moved.status, 200, moved)
        for name in raters:
            self.passes([self.account(name)], look.format(gates[1]), "1")

    # ---- rule 9 ----

    def test_rule_09_who_issued_the_card_hears_no_appeal_under_another_account(self):
        for issuer, seated, disjoint in (("sep.issuer", 409, "f"), ("jdpe.manager", 201, "t")):
            with self.subTest(issuer):
                cycle, evaluation = self.seated("gated")
                self.stack.sql(f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select c.unit_id, c.id, k.code, k.days, "
                               f"k.day_kind from sanjeh.cycle c, sanjeh.clock k where c.id = '{cycle}'")
                self.move(evaluation, "gated", ", marks_locked_at = now(), disclosed_at = now()")
                client, path = self.stack.client(issuer), f"/api/v1/evaluations/{evaluation}"
                card = client.post(f"{path}/report-cards", headers={"If-Match": client.get(path).header("ETag")})
                self.assertEqual(card.status, 201, card)
                for name in ("appeal.one", "appeal.two"):
                    self.assertEqual(self.seat(evaluation, account_id=self.account(name), capacity="appeal_member").status, 201)
                self.assertEqual(self.judge.post(f"{path}/appeals", {"grounds": "دلیل"}).status, 201)
                answer = self.seat(evaluation, account_id=self.account("sep.rater"), capacity="appeal_chair")  # the same person as sep.issuer
                self.assertEqual(answer.status, seated, answer)
                if seated == 409:
                    self.faults(answer, 409, "CONFLICT", "OVERLAP")
                    rater = self.account("sep.rater")
                    self.refused([self.unit("HRD"), self.account("hrd.manager")], f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id,
                        person_id, capacity, is_judge, judge_id, issuer_scope_id) select e.unit_id, e.id, '{rater}', '{self.mine}',
                        'appeal_member', true, e.judge_id, e.issuer_scope_id from sanjeh.evaluation e where e.id = '{evaluation}'""",
                                 "does not hear the appeal against it")
                    self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id,
                            issuer_scope_id) select e.unit_id, e.id, a.id, a.person_judge_id, 'appeal_chair', true, e.judge_id, e.issuer_scope_id
                        from sanjeh.evaluation e, sanjeh.account a where e.id = '{evaluation}' and a.username = 'sep.rater'""")
                done = self.as_app([self.unit("HRD"), "00000000-0000-8000-8000-000000000006"],
                                   f"select 'is ' || is_met from sanjeh.evaluation_facts('{evaluation}') where code = 'APPEAL_DISJOINT'")
                self.assertEqual(done.stdout.split("is ")[-1].strip()[:1], disjoint, done.stderr)

    # ---- rule 11 ----

    def courts(self):
        """sep.head serves in a court of first instance; the others in one below it, beside it, above it and in the Supreme Court."""
        tag, courts = secrets.token_hex(4).upper(), {}
        for name, kind, parent in (("supreme", "supreme", None), ("above", None, None), ("own", "first_instance", "above"),
                                   ("below", "peace", "own"), ("beside", "first_instance", None), ("appeal", "appeal", None)):
            made = self.owner.post("/api/v1/courts", {"code": f"R11-{name}-{tag}", "name_fa": "دادگاه", "name_en": "Court",
                                                      **({"kind": kind} if kind else {}), **({"parent_id": courts[parent]} if parent else {})})
            self.assertEqual(made.status, 201, made)
            courts[name] = made.json()["id"]
        self.addCleanup(self.stack.sql, f"delete from sanjeh.posting where branch = '{tag}'")
        return lambda name, court: self.assertEqual(self.owner.post("/api/v1/postings", {
            "judge_id": self.person(name), "court_id": courts[court], "branch": tag, "title": "دادرس", "from": "1400-01-01"}).status, 201)

    def test_rule_11_the_board_of_a_head_is_of_a_higher_court(self):
        posts = self.courts()
        for name, court in (("sep.head", "own"), ("sep.low", "below"), ("sep.high", "above"), ("board.one", "beside"), ("board.two", "appeal"),
                            ("board.four", "supreme")):
            posts(name, court)
        expected = {"sep.low": {"SUPERIOR"}, "board.one": {"NOT_HIGHER"}, "sep.high": set(), "board.two": set(), "board.four": set(),
                    "sep.outside": {"NOT_HIGHER"}, "sep.other": set()}  # without a post: an office of the Supreme Court or not
        for is_head_first in (True, False):
            with self.subTest(is_head_first):
                cycle = self.cycle()
                led, head = self.evaluation(cycle), self.evaluation(cycle, judge=self.person("sep.head"))
                if is_head_first:
                    self.assertEqual(self.seat(led, account_id=self.account("sep.head"), capacity="court_head").status, 201)
                for name in expected:
                    self.assertEqual(self.seat(head, account_id=self.account(name), capacity="member").status, 201)
                if not is_head_first:
                    self.assertEqual({rule for name in expected for rule in self.found(head, name)}, {"OWN_UNIT"}, "no head yet")
                    self.assertEqual(self.seat(led, account_id=self.account("sep.head"), capacity="court_head").status, 201)
                self.assertEqual({name: set(self.found(head, name)) - {"OWN_UNIT"} for name in expected}, expected)
        self.assertEqual(self.seat(head, account_id=self.account("reviewer.one"), capacity="reviewer").status, 201)
        self.assertEqual(set(self.found(head, "reviewer.one")), {"OWN_UNIT"}, "who reads decisions is of no board")
        self.is_a_fact(head, "NOT_HIGHER", "board.one")
        self.is_a_fact(head, "SUPERIOR", "sep.low")


if __name__ == "__main__":
    unittest.main()
