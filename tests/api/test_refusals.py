# SPDX-License-Identifier: Apache-2.0
"""What the routes of cycles, evaluations and seats refuse beside guards (test_guards) and separation (test_boards): each code once, at
the member that is wrong, and nothing is left behind."""

import unittest
import uuid

from board_case import FIRST, BoardTest
from stack import problem

LONG = "x" * 129
SECOND = "refused.second"  # another account of the person who is board.one


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class Refusals(BoardTest):
    def at(self, answer, pointer, code, status=422, title="INVALID"):
        document = problem(self, answer, status, title)
        self.assertEqual([(fault["pointer"], fault["code"]) for fault in document["errors"]], [(pointer, code)], document)

    # ---- cycles ----

    def new(self, **members):
        template = self.stack.sql(f"select template_id from sanjeh.cycle where id = '{self.known}'")
        return self.owner.post("/api/v1/cycles", {
            "code": "R" + uuid.uuid4().hex[:8].upper(), "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": "1404",
            "issuer": "JDP-E", "template_id": template, **members})

    def test_a_new_cycle_is_refused_member_by_member(self):
        self.known = self.cycle()
        count = "select count(*) from sanjeh.cycle"
        before = self.stack.sql(count)
        for members, pointer, code in (
                ({"code": "lower"}, "/code", "BAD_CODE"), ({"name_fa": "a\u202eb"}, "/name_fa", "BAD_NAME"),
                ({"name_en": " "}, "/name_en", "BAD_NAME"), ({"kind": "monthly"}, "/kind", "UNKNOWN"),
                ({"period": "1404-13"}, "/period", "BAD_PERIOD"), ({"period": "2025-02-30/2025-03-01"}, "/period", "BAD_PERIOD"),
                ({"population": []}, "/population", "FORMAT"), ({"population": {"judges": ["x"]}}, "/population", "FORMAT"),
                ({"population": {"status": "active"}}, "/population", "FORMAT"), ({"population": {"sex": ["f"]}}, "/population", "FORMAT"),
                ({"clocks": {}}, "/clocks", "FORMAT"), ({"clocks": [{"code": "reply"}]}, "/clocks", "FORMAT"),
                ({"clocks": [{"code": "reply", "days": 0}]}, "/clocks", "FORMAT"),
                ({"clocks": [{"code": "reply", "days": 36526}]}, "/clocks", "FORMAT"),
                ({"clocks": [{"code": "reply", "days": 5, "day_kind": "lunar"}]}, "/clocks", "FORMAT"),
                ({"supersedes_id": str(uuid.uuid4())}, "/supersedes_id", "UNKNOWN"),
                ({"template_id": str(uuid.uuid4())}, "/template_id", "UNKNOWN"), ({"issuer": "NOWHERE"}, "/template_id", "UNKNOWN")):
            with self.subTest(str(members)):
                self.at(self.new(**members), pointer, code)
        problem(self, self.new(name_fa=LONG), 422)
        problem(self, self.new(clocks=[{"code": "nothing", "days": 3}]), 422, "INVALID")
        problem(self, self.new(population={"judges": [], "more": []}), 422, "INVALID")
        problem(self, self.new(state="announced"), 400, "UNKNOWN_MEMBER")
        for name in ("jdpe.manager", "judge.one", "board.one", "sit.manager"):
            answer = self.stack.client(name).post("/api/v1/cycles", {"code": "X"})
            self.assertEqual(answer.status, 403, f"{name}: {answer}")
        self.assertEqual(self.stack.sql(count), before)

    def test_a_draft_is_changed_by_the_same_rules(self):
        self.known = self.cycle()
        made = self.new()
        self.assertEqual(made.status, 201, made)
        path = f"/api/v1/cycles/{made.json()['id']}"
        for members, pointer, code in (({"name_fa": "\u200e"}, "/name_fa", "BAD_NAME"), ({"name_en": "a\u0007"}, "/name_en", "BAD_NAME"),
                                       ({"period": "14044"}, "/period", "BAD_PERIOD"), ({"clocks": [1]}, "/clocks", "FORMAT"),
                                       ({"population": {"status": [1]}}, "/population", "FORMAT")):
            with self.subTest(str(members)):
                self.at(self.owner.patch(path, members, headers=tag(made)), pointer, code)
        problem(self, self.owner.patch(path, {"coverage_min": 60}), 428, "PRECONDITION_REQUIRED")
        problem(self, self.owner.patch(path, {"coverage_min": 60}, headers={"If-Match": '"v9"'}), 412, "PRECONDITION_FAILED")
        self.assertEqual(self.owner.get(path).json(), made.json())

    def test_a_bulk_move_tells_of_each_why(self):
        cycle = self.cycle()
        path = f"/api/v1/cycles/{cycle}/evaluation-moves"
        for body, status, code in (({"from": "nowhere", "to": "notified"}, 422, "INVALID"), ({"from": "planned", "to": "x"}, 422, "INVALID"),
                                   ({"from": "planned", "to": "issued"}, 409, "NO_SUCH_MOVE"), ({"from": "decided", "to": "gated"}, 403, "FORBIDDEN")):
            problem(self, self.owner.post(path, body), status, code)
        self.at(self.owner.post(path, {"from": "planned", "to": "suspended", "reason": "a\u202eb"}), "/reason", "CONTROL_CHARACTER")
        two = self.stack.client("judge.two").get("/api/v1/me").json()["judge_id"]
        held, other = self.evaluation(cycle, "planned"), self.evaluation(cycle, "planned", judge=two)
        for file, came in ((held, "collecting"), (other, "notified")):
            self.move(file, "suspended", f", suspended_from = '{came}'")
        done = self.owner.post(path, {"from": "suspended", "to": "notified", "reason": "بازگشت"})
        self.assertEqual((done.status, done.json()["moved"]), (200, 1), done)
        self.assertEqual(done.json()["refused"], [{"evaluation_id": held, "code": "CHANGED_MEANWHILE", "unmet": []}])
        done = self.owner.post(path, {"from": "notified", "to": "collecting"})
        self.assertEqual(done.json()["refused"], [{"evaluation_id": other, "code": "GUARD_UNMET", "unmet": ["CHALLENGE_PASSED"]}])
        self.assertEqual(self.owner.get(f"/api/v1/evaluations/{held}").json()["state"], "suspended")

    # ---- evaluations ----

    def test_a_board_of_an_evaluation_is_named_by_the_owner_before_the_marks(self):
        cycle = self.cycle()
        evaluation, board = self.evaluation(cycle), self.board(cycle)["id"]
        path = f"/api/v1/evaluations/{evaluation}"
        body = {"board_id": board}
        problem(self, self.owner.patch(path, body), 428, "PRECONDITION_REQUIRED")
        problem(self, self.owner.patch(path, body, headers={"If-Match": '"v99"'}), 412, "PRECONDITION_FAILED")
        problem(self, self.owner.patch(path, {"board_id": "x"}, headers=tag(self.owner.get(path))), 422, "INVALID")
        problem(self, self.owner.patch(path, {"state": "final"}, headers=tag(self.owner.get(path))), 400, "UNKNOWN_MEMBER")
        problem(self, self.owner.patch(f"/api/v1/evaluations/{uuid.uuid4()}", body, headers={"If-Match": '"v1"'}), 404, "NOT_FOUND")
        for client in (self.issuer, self.judge, self.stack.client("board.one"), self.stack.client("sit.manager")):
            problem(self, client.patch(path, body, headers=tag(self.owner.get(path))), 403, "FORBIDDEN")
        for state in ("rating", "issued"):
            self.move(evaluation, state)
            problem(self, self.owner.patch(path, body, headers=tag(self.owner.get(path))), 409, "CONFLICT")
        self.assertIsNone(self.owner.get(path).json()["board_id"])

    def test_a_move_is_refused_at_its_member(self):
        evaluation = self.evaluation(self.cycle())
        path = f"/api/v1/evaluations/{evaluation}"
        here = tag(self.owner.get(path))
        self.at(self.owner.post(f"{path}/moves", {"to": "nowhere"}, headers=here), "/to", "UNKNOWN")
        self.at(self.owner.post(f"{path}/moves", {"to": "suspended", "reason": "a\u202eb"}, headers=here), "/reason", "CONTROL_CHARACTER")
        problem(self, self.owner.post(f"{path}/moves", {"reason": "x"}, headers=here), 422, "INVALID")
        problem(self, self.owner.post(f"{path}/moves", {"to": "suspended", "by": "x"}, headers=here), 400, "UNKNOWN_MEMBER")
        self.at(self.owner.post(f"{path}/moves", {"to": "suspended"}, headers=here), "/to", "REASON_GIVEN", 409, "GUARD_UNMET")
        problem(self, self.owner.post(f"/api/v1/evaluations/{uuid.uuid4()}/moves", {"to": "notified"}, headers=here), 404, "NOT_FOUND")
        self.assertEqual(self.owner.get(f"{path}/events").json()["items"], [])
        for name in ("judge.two", "board.one"):
            problem(self, self.stack.client(name).get(f"{path}/events"), 404, "NOT_FOUND")

    # ---- seats ----

    def test_nobody_joins_a_board_when_its_marks_are_locked(self):
        cycle, evaluation = self.seated()
        self.move(evaluation, "drafted", ", marks_locked_at = now()")
        self.faults(self.seat(evaluation, account_id=self.account("board.four"), capacity="member"), 409, "CONFLICT", "MARKS_LOCKED")
        self.faults(self.seat(evaluation, board_id=self.board(cycle, (*FIRST, ("board.four", "member")))["id"]), 409, "CONFLICT", "MARKS_LOCKED")
        self.assertEqual(len(self.owner.items(f"/api/v1/evaluations/{evaluation}/seats")), 3)

    def test_a_person_sits_in_a_file_under_one_account(self):
        if SECOND not in self.stack.accounts:
            self.stack.add_accounts({SECOND: ("AGO", "-", "evaluator", "حساب دوم", "HRD:HRD-0031", "person")})
        _, evaluation = self.seated("notified")
        self.faults(self.seat(evaluation, account_id=self.account(SECOND), capacity="observer"), 409, "CONFLICT", "OTHER_ACCOUNT")
        self.faults(self.seat(evaluation, board_id=str(uuid.uuid4()), account_id=self.account(SECOND), capacity="observer"),
                    422, "INVALID", "REQUIRED")

    def test_many_seats_are_of_one_cycle(self):
        cycle, other = self.cycle(), self.cycle()
        board = self.board(cycle)["id"]
        mine, foreign = self.evaluation(cycle), self.evaluation(other)
        path = f"/api/v1/cycles/{cycle}/seats"
        self.at(self.owner.post(path, {"board_id": board, "evaluations": [mine, foreign]}), "/evaluations", "FORMAT")
        self.at(self.owner.post(path, {"board_id": str(uuid.uuid4()), "evaluations": [mine]}), "/board_id", "UNKNOWN_BOARD")
        problem(self, self.owner.post(path, {"board_id": board, "evaluations": [str(uuid.uuid4())]}), 404, "NOT_FOUND")
        self.assertEqual(self.owner.items(f"/api/v1/evaluations/{mine}/seats"), [])


if __name__ == "__main__":
    unittest.main()
