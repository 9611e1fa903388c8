# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of moves: each guard refused once by the server and once by the database, each wrong person, each
move that does not exist. The table is read from the product: a guard without a case here fails the last test.

The database's owner puts one file into each state with nothing done in it; the moves themselves go through the routes. That they
succeed when everything is done is shown by test_moves."""

import unittest

from move_case import PART_OF, MoveTest, tag
from stack import problem

PARTS_OF = {"hrd.manager": {"owner"}, "jdpe.manager": {"issuer"}, "judge.one": {"judge"}, "board.one": {"lead"}, "board.two": {"board"},
            "board.three": {"lead"}, "board.four": {"calibrator"}, "appeal.one": {"appeal_board"}, "judge.two": set(),
            "jdpd.manager": set(), "sit.manager": set(), "admin.one": set(), "security.officer": set()}
# True of a file with seats and nothing else: each of these is broken on purpose below.
MET_BY_NOTHING = {"CYCLE_ANNOUNCED", "NO_CHALLENGE_OPEN", "BATCHES_ACCEPTED", "NO_DATA_ISSUE", "NO_CONFLICT_OPEN", "BOARD_FULL",
                  "BOARD_OF_JUDGES", "POINTS_ANSWERED", "NO_GATE_ASKED", "APPEAL_DISJOINT"}


class Guards(MoveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.refused = set()

    def unmet(self, came, to):
        """What the server names as missing; the move did not happen, there or in the database."""
        named = {}
        for part in self.moves[came, to][0]:
            if part == "judge":  # he moves by submitting: his reply, his appeal (test_remedies), never by name
                self.assertEqual(self.ask(PART_OF[part], to).status, 403)
            elif part != "system":
                document = problem(self, self.ask(PART_OF[part], to), 409, "GUARD_UNMET")
                named["server", part] = {error["code"] for error in document["errors"]}
            said = self.in_database(part, to)
            self.assertRegex(said.stderr, r"(?m)ERROR:  23514: unmet: [A-Z_,]+$(?s:.*)CONSTRAINT NAME:  evaluation_guards_met$",
                             f"the database makes {came} -> {to}, or refuses it for another reason: {said.stdout}")
            named["database", part] = set(said.stderr.split("unmet: ")[1].split()[0].split(","))
        self.assertEqual(len(set(map(frozenset, named.values()))), 1, f"not everybody is told the same: {named}")
        named = named.popitem()[1]
        self.assertEqual(self.stack.sql(f"select state from sanjeh.evaluation where id = '{self.file}'"), came)
        self.refused.update((came, to, code) for code in named)
        return named

    # ---- what is missing ----

    def test_1_where_nothing_was_done_each_missing_thing_is_named(self):
        for (came, to), (_, guards) in self.moves.items():
            wanted = set(guards) - MET_BY_NOTHING
            if wanted:
                with self.subTest(f"{came} -> {to}"):
                    self.place(came, suspended_from=to)
                    self.assertEqual(self.unmet(came, to), wanted)

    def broken(self, code, came, to):
        with self.subTest(f"{code}: {came} -> {to}"):
            self.place(came)
            self.assertIn(code, self.unmet(came, to))

    def test_2_a_cycle_that_is_over_begins_no_evaluation(self):
        self.stack.sql(f"update sanjeh.cycle set state = 'closed' where id = '{self.cycle_id}'")
        self.broken("CYCLE_ANNOUNCED", "planned", "notified")
        self.broken("CYCLE_ANNOUNCED", "collecting", "frozen")

    def test_2_the_board_is_three_and_mostly_judges(self):
        self.stack.sql(f"update sanjeh.seat set is_judge = false where evaluation_id = '{self.file}'")
        self.broken("BOARD_OF_JUDGES", "frozen", "rating")
        self.stack.sql(f"update sanjeh.seat set ended_at = now(), ended_reason = 'replaced' where evaluation_id = '{self.file}' "
                       "and capacity = 'rapporteur'")
        self.broken("BOARD_FULL", "frozen", "rating")

    def test_2_an_open_challenge_holds(self):
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
            select unit_id, gen_random_uuid(), id, 'challenge', 'judge', now(), now() + interval '3 days' from sanjeh.evaluation
            where id = '{self.file}'""")
        made = self.judge.post(f"{self.path}/challenges", {"account_id": self.account("board.two"), "grounds": "آشنایی"})
        self.assertEqual(made.status, 201, made)
        self.broken("NO_CHALLENGE_OPEN", "notified", "collecting")

    def test_2_a_batch_that_waits_for_acceptance_holds(self):
        code = self.stack.sql(f"select code from sanjeh.cycle where id = '{self.cycle_id}'")
        sent = self.stack.client("sit.manager").post("/api/v1/contributions", {
            "kind": "workload", "format": "csv", "period": "1370", "cycle": code, "hold": True, "data":
            "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"
            "HRD-0001,GUARD-1,1370,1,1,0,0,0,1,1\n"})
        self.assertEqual((sent.status, sent.json().get("state")), (201, "received"), sent)
        self.broken("BATCHES_ACCEPTED", "collecting", "frozen")

    def test_2_an_open_data_issue_holds(self):
        made = self.judge.post("/api/v1/data-issues", {"field": "first_appointment", "text": "سال دیگری است"})
        self.assertEqual(made.status, 201, made)
        self.broken("NO_DATA_ISSUE", "collecting", "frozen")

    def test_2_an_open_conflict_holds(self):
        declared = self.stack.client("board.two").post(f"{self.path}/coi-declarations", {"has_interest": True, "interests": "همسایه"})
        self.assertEqual(declared.status, 201, declared)
        self.broken("NO_CONFLICT_OPEN", "frozen", "rating")

    def test_2_each_point_of_a_reply_wants_an_answer(self):
        self.place("disclosed", ", disclosed_at = now()")
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
            select unit_id, gen_random_uuid(), id, 'reply', 'judge', now(), now() + interval '3 days' from sanjeh.evaluation
            where id = '{self.file}'""")
        made = self.judge.post(f"{self.path}/replies", {"points": ["یک"]})
        self.assertEqual(made.status, 201, made)
        done = self.judge.post(f"/api/v1/replies/{made.json()['id']}/submit", headers=tag(made))
        self.assertEqual(done.status, 200, done)
        for state in ("replied", "reply_lapsed"):
            self.broken("POINTS_ANSWERED", state, "decided")

    def test_2_a_gate_that_was_asked_wants_an_answer(self):
        self.place("decided", ", marks_locked_at = now(), disclosed_at = now()")
        asked = self.issuer.post(f"{self.path}/gates/ask", {"purpose": "report_card"})
        self.assertIn(asked.status, (200, 201), asked)
        self.broken("NO_GATE_ASKED", "decided", "gated")

    def test_2_a_card_wants_every_gate_of_its_kind_of_cycle(self):
        """Final decisions and declarations for each card, the integrity gate where the cycle is for a promotion."""
        self.place("decided", ", marks_locked_at = now(), disclosed_at = now()")
        self.assertEqual(self.unmet("decided", "gated"), {"GATES_ASKED"}, "no card without any gate")
        self.assertEqual(self.issuer.post(f"{self.path}/gates/ask", {"purpose": "promotion"}).status, 201)
        self.stack.sql(f"delete from sanjeh.gate_answer where evaluation_id = '{self.file}' and gate = 'D03'")
        for kind, wanted in (("annual", set()), ("periodic", set()), ("probation", set()), ("interim", set()), ("promotion", {"GATES_ASKED"})):
            with self.subTest(kind):
                self.stack.sql(f"update sanjeh.cycle set kind = '{kind}' where id = '{self.cycle_id}'")
                self.assertEqual(self.unmet("decided", "gated"), {"NO_GATE_ASKED"} | wanted)
        self.stack.sql(f"update sanjeh.cycle set kind = 'annual' where id = '{self.cycle_id}'")
        for gate in ("D01", "D02", "D04"):
            self.stack.sql(f"update sanjeh.gate_answer set round = case gate when '{gate}' then 2 else 1 end where evaluation_id = '{self.file}'")
            self.assertEqual(self.unmet("decided", "gated"), {"GATES_ASKED", "NO_GATE_ASKED"}, f"{gate} was asked in another round")

    def test_2_gates_are_asked_when_the_verdict_is_given(self):
        ask = f"""insert into sanjeh.gate_answer (unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id, issuer_scope_id,
            judge_id, round, gate, purpose, created_by) select e.unit_id, gen_random_uuid(), e.unit_id, e.id, e.unit_id, e.issuer_unit_id,
            e.issuer_scope_id, e.judge_id, e.round, 'D04', 'report_card', e.issuer_scope_id from sanjeh.evaluation e
            where e.id = '{self.file}' and e.state"""
        for state in ("drafted", "calibrated", "disclosed", "replied", "reply_lapsed", "gated"):
            self.place(state, ", marks_locked_at = now(), disclosed_at = now()")
            answer = self.issuer.post(f"{self.path}/gates/ask", {"purpose": "report_card"})
            self.assertEqual([error["code"] for error in problem(self, answer, 409, "GUARD_UNMET")["errors"]], ["GATE_BEFORE_LOCK"], state)
            said = self.in_context("issuer", f"{ask} = '{state}'")
            self.assertIn("row-level security", said.stderr, state)
        self.place("decided")
        said = self.in_context("issuer", f"{ask} = 'decided'")
        self.assertEqual(said.returncode, 0, said.stderr)

    def test_2_the_appeal_board_had_no_part_before(self):
        self.stack.sql(f"""update sanjeh.seat set person_id = (select person_id from sanjeh.seat where evaluation_id = '{self.file}'
            and capacity = 'chair') where evaluation_id = '{self.file}' and capacity = 'appeal_chair'""")
        for to in ("final", "varied", "rating"):
            self.broken("APPEAL_DISJOINT", "appealed", to)

    def test_3_coverage_decides_between_frozen_and_insufficient(self):
        for coverage, to, code in ((95, "insufficient", "COVERAGE_SHORT"), (10, "frozen", "COVERAGE_ENOUGH")):
            self.place("collecting", f", coverage = {coverage}")
            named = self.unmet("collecting", to)
            self.assertIn(code, named)
            self.assertNotIn("COMPUTED", named)

    # ---- who ----

    def test_4_nobody_makes_a_move_that_is_another_s(self):
        for (came, to), (parts, _) in self.moves.items():
            self.place(came, suspended_from=to)
            for name, own in PARTS_OF.items():
                if own & set(parts):
                    continue
                answer = self.ask(name, to, reason="تلاش")
                self.assertIn(answer.status, (403, 404), f"{name} asks {came} -> {to}: {answer}")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.evaluation_event where evaluation_id = '{self.file}'"), "0")

    def test_4_nor_does_the_database_let_him(self):
        for came in self.states:
            self.place(came)
            for part in (*PART_OF, "system"):
                others = [to for (state, to), (parts, _) in self.moves.items()
                          if state == came and part not in parts and (came != "suspended" or to == "rating")]
                seen = part != "judge" or came != "planned"  # he knows of no such file yet
                wanted = dict.fromkeys(others, "evaluation_move_part" if seen else "0")
                self.assertEqual(self.each_in_database(part, others), wanted, f"{part} in {came}")

    def test_5_what_is_not_in_the_table_is_no_move(self):
        for came in self.states:
            self.place(came)
            none = [to for to in self.states if (came, to) not in self.moves or (came == "suspended" and to != "rating")]
            for to in none:
                answer = self.ask("hrd.manager", to, reason="تلاش")
                problem(self, answer, 409, "NO_SUCH_MOVE")
            none.remove(came)  # an update that changes nothing
            for part in ("owner", "lead"):
                self.assertEqual(self.each_in_database(part, none), dict.fromkeys(none, "evaluation_move_exists"), f"{part} in {came}")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.evaluation_event where evaluation_id = '{self.file}'"), "0")

    def test_6_every_guard_of_every_move_was_refused(self):
        every = {(came, to, guard) for (came, to), (_, guards) in self.moves.items() for guard in guards}
        self.assertEqual(every - self.refused, set(), "a guard has no case in this file")


if __name__ == "__main__":
    unittest.main()
