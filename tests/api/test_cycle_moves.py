# SPDX-License-Identifier: Apache-2.0
"""The machine of a cycle: every guard of every row of cycle_move refused by the server and by the database, every move that is no
row refused, nobody but the owner moves; what was announced stays, and is corrected only by another cycle. The table is read from the
product: a guard without a case here fails. That each state is reached is shown by test_outcomes; only `cancelled` is reached here.

For the refusals the database's owner puts a cycle into a state; cancelling and correcting go through the routes."""

import time
import unittest
import uuid

from board_case import BoardTest
from stack import problem

ITEM = {"no": 1, "family": "quality", "source": "mark", "name_fa": "اتقان", "name_en": "Soundness", "weight": "60"}
OTHERS = ({"no": 2, "family": "conduct", "source": "mark", "name_fa": "رفتار", "name_en": "Conduct", "weight": "25"},
          {"no": 3, "family": "development", "source": "mark", "name_fa": "آموزش", "name_en": "Training", "weight": "15"})
HOLDS = {"NOTHING_COLLECTING": "collecting", "NOTHING_RATING": "rating", "NOTHING_UNDISCLOSED": "drafted", "NOTHING_UNISSUED": "gated",
         "EVERYTHING_ENDED": "appealed"}
NEW = {"name_fa": "نام دیگر", "name_en": "Other", "period": "1405", "population": {"status": ["active"]}, "coverage_min": 10,
       "clocks": [{"code": "reply", "days": 1}]}


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class CycleMoves(BoardTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = cls.stack.sql("select from_state, to_state, array_to_string(guards, ',') from sanjeh.cycle_move order by 1, 2").splitlines()
        cls.moves = {(came, to): [guard for guard in guards.split(",") if guard] for came, to, guards in (row.split("|") for row in rows)}
        cls.states = sorted({state for pair in cls.moves for state in pair})

    def read(self, cycle, client=None):
        answer = (client or self.owner).get(f"/api/v1/cycles/{cycle}")
        self.assertEqual(answer.status, 200, answer)
        return answer

    def ask(self, cycle, to, client=None, **body):
        return (client or self.owner).post(f"/api/v1/cycles/{cycle}/moves", {"to": to, **body}, headers=tag(self.read(cycle)))

    def place(self, cycle, state, more=""):
        self.stack.sql(f"update sanjeh.cycle set state = '{state}'{more} where id = '{cycle}'")

    def as_application(self, statement):
        """What a bug or an injection could do: the server's role under a genuine context of the owner's unit."""
        return self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k,
            (select 'v1.' || extract(epoch from now() + interval '1 minute')::int8 || '.' || id as text from sanjeh.unit where code = 'HRD') c;
            set role sanjeh_app; {statement}""", check=False)

    def in_database(self, cycle, to):
        return self.as_application(f"update sanjeh.cycle set state = '{to}' where id = '{cycle}'").stderr

    # ---- refusals ----

    def breaks(self, guard, cycle):
        """A cycle of which this is not true; what else may be unmet does not matter."""
        if guard in HOLDS or guard == "NOTHING_CUT":
            evaluation = self.evaluation(cycle, HOLDS.get(guard, "frozen"))
            self.stack.sql(f"update sanjeh.evaluation set frozen_at = now() where id = '{evaluation}'")
        elif guard == "TEMPLATE_PUBLISHED":
            self.stack.sql(f"update sanjeh.template set state = 'withdrawn' where id = (select template_id from sanjeh.cycle where id = '{cycle}')")
        elif guard == "SIGNED_BY_BOTH":
            self.place(cycle, "draft", ", issuer_signed_by = null, issuer_signed_at = null")
        elif guard == "FORMER_CANCELLED":
            self.stack.sql(f"update sanjeh.cycle set supersedes_id = '{self.cycle()}' where id = '{cycle}'")
        else:
            self.assertIn(guard, ("HAS_EVALUATIONS", "REASON_GIVEN"), "a guard has no case in this file")

    def test_1_each_guard_of_each_move_holds_it(self):
        for (came, to), guards in self.moves.items():
            for guard in guards:
                with self.subTest(f"{guard}: {came} -> {to}"):
                    cycle = self.cycle()
                    self.place(cycle, came)
                    self.breaks(guard, cycle)
                    if to == "approved":  # by the second signature, never by name
                        problem(self, self.ask(cycle, to), 409, "NO_SUCH_MOVE")
                    else:
                        document = problem(self, self.ask(cycle, to), 409, "GUARD_UNMET")
                        self.assertIn(guard, [error["detail"] for error in document["errors"]])
                        next_one = {row["to"]: row["unmet"] for row in self.read(cycle).json()["next"]}
                        self.assertIn(guard, next_one[to])
                    said = self.in_database(cycle, to)
                    self.assertIn("unmet: {", said)
                    self.assertIn(guard, said.split("unmet: {")[1].split("}")[0].split(","))
                    self.assertEqual(self.read(cycle).json()["state"], came)

    def test_2_what_is_no_row_is_no_move(self):
        cycle = self.cycle()
        for came in self.states:
            self.place(cycle, came)
            for to in self.states:
                if (came, to) in self.moves:
                    continue
                problem(self, self.ask(cycle, to, reason="تلاش"), 409, "NO_SUCH_MOVE")
                if to != came:
                    self.assertIn(f"no move from {came} to {to}", self.in_database(cycle, to))
        self.assertNotIn(("frozen", "cancelled"), self.moves)

    def test_3_the_owner_alone_moves_it(self):
        cycle = self.cycle()
        for came, to in self.moves:
            self.place(cycle, came)
            for name in ("jdpe.manager", "judge.one", "board.one", "jdpd.manager", "sit.manager", "admin.one"):
                answer = self.ask(cycle, to, self.stack.client(name), reason="تلاش")
                self.assertIn(answer.status, (403, 404), f"{name}: {came} -> {to}")

    # ---- genuine ones ----

    def template(self, code, weight="60"):
        items = [{**ITEM, "weight": weight}, *OTHERS] if weight == "60" else [{**ITEM, "weight": weight}, OTHERS[0], {**OTHERS[1], "weight": "20"}]
        made = self.owner.post("/api/v1/templates", {"code": code, "name_fa": "الگو", "name_en": "Template", "population": "judges", "items": items})
        self.assertEqual(made.status, 201, made)
        return self.stack.publish(made.json()["id"]).json()

    def signed(self, template, **more):
        body = {"code": "M" + uuid.uuid4().hex[:8].upper(), "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": "1404",
                "issuer": "JDP-E", "template_id": template["id"], "population": {"judges": [self.judge_id]}, **more}
        made = self.owner.post("/api/v1/cycles", body)
        self.assertEqual(made.status, 201, made)
        cycle = made.json()["id"]
        for client in (self.owner, self.issuer):
            done = client.post(f"/api/v1/cycles/{cycle}/signatures", {}, headers=tag(self.read(cycle)))
            self.assertEqual(done.status, 200, done)
        return cycle

    def announced(self, template, **more):
        cycle = self.signed(template, **more)
        done = self.ask(cycle, "announced")
        self.assertEqual(done.status, 200, done)
        return cycle

    def test_4_what_was_announced_stays(self):
        template = self.template("MV" + uuid.uuid4().hex[:6].upper())
        other = self.template("MV" + uuid.uuid4().hex[:6].upper())
        cycle = self.announced(template)
        before = self.read(cycle).json()
        for name, value in {**NEW, "template_id": other["id"]}.items():
            problem(self, self.owner.patch(f"/api/v1/cycles/{cycle}", {name: value}, headers=tag(self.read(cycle))), 409, "CONFLICT")
        for change in ("name_fa = 'x'", "name_en = 'x'", "kind = 'interim'", "period_from = '2020-01-01'", "period_to = '2030-01-01'",
                       f"template_id = '{other['id']}'", "population = '{}'", "coverage_min = 1", "criteria_sha256 = sha256('x')",
                       "announced_at = now()", "frozen_at = now()", "owner_signed_by = unit_id", "issuer_signed_by = null, issuer_signed_at = null",
                       "cancelled_reason = 'x'", "code = 'X'", "issuer_scope_id = unit_id", "supersedes_id = id"):
            self.refused_in_database(f"update sanjeh.cycle set {change} where id = '{cycle}'")
        for statement in (f"update sanjeh.cycle_clock set days = 1 where cycle_id = '{cycle}'",
                          f"delete from sanjeh.cycle_clock where cycle_id = '{cycle}'", f"delete from sanjeh.cycle where id = '{cycle}'",
                          f"delete from sanjeh.template_item where template_id = '{template['id']}'",
                          f"update sanjeh.template_item set weight = 1 where template_id = '{template['id']}'",
                          f"update sanjeh.template set name_fa = 'x' where id = '{template['id']}'"):
            self.refused_in_database(statement)
        self.assertEqual(self.read(cycle).json(), before)

    def refused_in_database(self, statement):
        done = self.as_application(statement)
        self.assertNotEqual(done.returncode, 0, f"the database does it: {statement}")
        self.assertRegex(done.stderr, "stay|permission denied|stamps of a cycle|signs for itself", statement)

    def test_5_a_cycle_is_cancelled_with_a_reason_that_is_shown(self):
        cycle = self.announced(self.template("MV" + uuid.uuid4().hex[:6].upper()))
        self.assertIsNone(self.read(cycle).json()["cancelled_reason"])
        problem(self, self.ask(cycle, "cancelled"), 409, "GUARD_UNMET")
        self.assertIn(self.ask(cycle, "cancelled", reason="  ").status, (409, 422))
        done = self.ask(cycle, "cancelled", reason="وزن معیار یک اشتباه است")
        self.assertEqual(done.status, 200, done)
        for client in (self.owner, self.issuer, self.judge):
            seen = self.read(cycle, client).json()
            self.assertEqual((seen["state"], seen["cancelled_reason"], seen["next"]), ("cancelled", "وزن معیار یک اشتباه است", []))
        listed = {row["id"]: row for row in self.owner.items("/api/v1/cycles?state=cancelled")}
        self.assertEqual(listed[cycle]["cancelled_reason"], "وزن معیار یک اشتباه است")
        self.refused_in_database(f"update sanjeh.cycle set cancelled_reason = 'x' where id = '{cycle}'")
        planned = self.owner.post(f"/api/v1/cycles/{cycle}/evaluations", {})
        problem(self, planned, 409, "CONFLICT")

    def test_5_a_cancelled_cycle_asks_nothing_any_more(self):
        cycle = self.announced(self.template("MV" + uuid.uuid4().hex[:6].upper()))
        self.assertEqual(self.owner.post(f"/api/v1/cycles/{cycle}/evaluations", {}).status, 200)
        evaluation = self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}")[0]["id"]
        self.assertEqual(self.seat(evaluation, board_id=self.board(cycle)["id"]).status, 201)
        path = f"/api/v1/evaluations/{evaluation}"
        told = self.owner.post(f"{path}/moves", {"to": "notified"}, headers=tag(self.owner.get(path)))
        self.assertEqual(told.status, 200, told)
        self.assertEqual(self.ask(cycle, "open").status, 200)
        self.assertEqual(self.ask(cycle, "cancelled", reason="تصحیح معیارها").status, 200)
        self.assertEqual({row["state"] for row in self.judge.items(f"/api/v1/deadlines?evaluation_id={evaluation}")}, {"cancelled"})
        time.sleep(4.5)  # two sweeps: no clock of it runs, and still none moves it
        self.assertEqual(self.owner.get(path).json()["state"], "notified")
        made = self.judge.post(f"{path}/challenges", {"account_id": self.account("board.two"), "grounds": "آشنایی"})
        self.assertEqual(made.status, 409, made)

    def test_6_a_correction_is_another_template_and_another_announcement(self):
        code = "MV" + uuid.uuid4().hex[:6].upper()
        wrong = self.announced(self.template(code))
        right = self.template(code, "55")
        self.assertEqual(right["edition"], 2)
        problem(self, self.owner.post("/api/v1/cycles", {
            "code": "MX", "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": "1404", "issuer": "JDP-E",
            "template_id": right["id"], "supersedes_id": str(uuid.uuid4())}), 422)
        again = self.signed(right, supersedes_id=wrong)
        document = problem(self, self.ask(again, "announced"), 409, "GUARD_UNMET")
        self.assertEqual([error["detail"] for error in document["errors"]], ["FORMER_CANCELLED"])
        self.assertEqual(self.ask(wrong, "cancelled", reason="تصحیح وزن").status, 200)
        self.assertIsNone(self.read(wrong).json()["superseded_by"])
        self.assertEqual(self.ask(again, "announced").status, 200)
        old, new = self.read(wrong, self.judge).json(), self.read(again, self.judge).json()
        self.assertEqual((old["superseded_by"], new["supersedes_id"]), (again, wrong))
        self.assertNotEqual(old["criteria_sha256"], new["criteria_sha256"])
        self.assertIsNotNone(old["criteria_sha256"], "what was announced first is still there to read")


if __name__ == "__main__":
    unittest.main()
