# SPDX-License-Identifier: Apache-2.0
"""Boards, seats, conflicts and challenges through the API: every refusal once."""

import unittest
import uuid

from board_case import FIRST, BoardTest
from stack import problem


class Boards(BoardTest):
    def test_a_board_is_made_read_and_changed(self):
        cycle = self.cycle()
        board = self.board(cycle)
        self.assertEqual([m["is_judge"] for m in board["members"]], [True] * 3)
        path = f"/api/v1/boards/{board['id']}"
        read = self.owner.get(path)
        self.assertEqual(read.json(), board)
        self.assertEqual(self.issuer.get(path).status, 200)
        self.assertEqual(self.stack.client("board.one").get(path).status, 200)
        problem(self, self.stack.client("board.four").get(path), 404, "NOT_FOUND")
        self.assertEqual(self.stack.client("judge.two").get(path).status, 403)
        self.assertIn(board["id"], [b["id"] for b in self.owner.items(f"/api/v1/boards?cycle_id={cycle}")])
        problem(self, self.owner.patch(path, {"name": "دیگر"}), 428, "PRECONDITION_REQUIRED")
        problem(self, self.owner.patch(path, {"name": "دیگر"}, headers={"If-Match": '"v7"'}), 412, "PRECONDITION_FAILED")
        changed = self.owner.patch(path, {"name": "دیگر", "members": self.members(*FIRST, ("board.four", "member"))},
                                   headers={"If-Match": read.header("ETag")})
        self.assertEqual((changed.status, changed.json()["name"], len(changed.json()["members"])), (200, "دیگر", 4), changed)
        self.assertEqual(self.seat(self.evaluation(cycle), board_id=board["id"]).status, 201)
        self.faults(self.owner.patch(path, {"members": self.members(*FIRST)}, headers={"If-Match": changed.header("ETag")}),
                    409, "CONFLICT", "IN_USE")

    def test_who_may_not_sit_is_refused_by_name(self):
        cycle = self.cycle()

        def make(*members, **other):
            return self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "ه", "kind": "first",
                                                      "members": self.members(*members), **other})
        self.faults(make(("jdpd.manager", "member")), 422, "INVALID", "EXCLUDED_UNIT")
        self.faults(make(("board.one", "observer")), 422, "INVALID", "UNKNOWN_CAPACITY")
        self.faults(make(("board.one", "chair"), ("board.one", "member")), 422, "INVALID", "SAME_PERSON")
        self.faults(make(members=[{"account_id": str(uuid.uuid4()), "capacity": "chair"}]), 422, "INVALID", "UNKNOWN_ACCOUNT")
        self.faults(make(kind="other"), 422, "INVALID", "UNKNOWN_KIND")
        self.faults(make(cycle_id=str(uuid.uuid4())), 422, "INVALID", "UNKNOWN_CYCLE")
        self.faults(make(name="\u202e"), 422, "INVALID", "BAD_TEXT")
        for members in ({}, [1], [{"account_id": "x", "capacity": "chair"}], [{"capacity": "chair"}],
                        [{"account_id": self.account("board.one"), "capacity": "chair", "more": "1"}],
                        self.members(*[("board.one", "member")] * 21)):
            self.faults(make(members=members), 422, "INVALID", "FORMAT")
        for name in ("jdpe.manager", "board.one", "sc.manager", "jdpd.manager", "judge.one"):
            answer = self.stack.client(name).post("/api/v1/boards", {"cycle_id": cycle, "name": "ه", "kind": "first", "members": []})
            self.assertEqual(answer.status, 403, name)

    def test_a_board_is_whole_when_it_is_used(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle)
        for members, fault in (
                ((("board.one", "chair"), ("board.two", "rapporteur")), "TOO_FEW_MEMBERS"),
                ((("board.one", "chair"), ("board.five", "member"), ("board.six", "rapporteur")), "NO_JUDGE_MAJORITY"),
                ((("board.one", "chair"), ("board.two", "rapporteur"), ("board.five", "member"), ("board.six", "member")), "NO_JUDGE_MAJORITY"),
                ((("board.one", "member"), ("board.two", "rapporteur"), ("board.three", "member")), "NO_CHAIR"),
                ((("board.one", "chair"), ("board.two", "member"), ("board.three", "member")), "NO_RAPPORTEUR")):
            self.faults(self.seat(evaluation, board_id=self.board(cycle, members)["id"]), 409, "GUARD_UNMET", fault)
        self.faults(self.seat(evaluation, board_id=self.board(self.cycle())["id"]), 409, "CONFLICT", "OTHER_CYCLE")
        self.faults(self.seat(evaluation, board_id=str(uuid.uuid4())), 422, "INVALID", "UNKNOWN_BOARD")
        self.faults(self.seat(evaluation), 422, "INVALID", "REQUIRED")
        self.assertEqual(self.owner.items(f"/api/v1/evaluations/{evaluation}/seats"), [], "a refused board leaves no seat")

    def test_a_board_takes_many_files_or_none(self):
        cycle = self.cycle()
        board = self.board(cycle)["id"]
        two = self.stack.client("judge.two").get("/api/v1/me").json()["judge_id"]
        files = [self.evaluation(cycle), self.evaluation(cycle, judge=two)]
        own = self.evaluation(cycle, judge=self.person("board.one"))
        path = f"/api/v1/cycles/{cycle}/seats"
        self.faults(self.owner.post(path, {"board_id": board, "evaluations": [*files, own]}), 409, "CONFLICT", "SELF")
        self.assertEqual(self.owner.items(f"/api/v1/evaluations/{files[0]}/seats"), [])
        for evaluations in ([], "x", [1], [str(uuid.uuid4())[:-1]], files * 101, [files[0], self.evaluation(self.cycle())]):
            self.faults(self.owner.post(path, {"board_id": board, "evaluations": evaluations}), 422, "INVALID", "FORMAT")
        self.faults(self.owner.post(path, {"board_id": board, "evaluations": [*files, files[0]]}), 409, "CONFLICT", "SEATED_ALREADY")
        problem(self, self.owner.post(path, {"board_id": board, "evaluations": [*files, str(uuid.uuid4())]}), 404, "NOT_FOUND")
        self.assertEqual(self.seat(files[1], account_id=self.account("board.two"), capacity="reviewer").status, 201)
        self.addCleanup(self.stack.sql, "delete from sanjeh.relation")
        kin = {"person_id": self.person("board.two"), "judge_id": two, "kind": "kin", "valid_from": "1400-01-01"}
        self.assertEqual(self.stack.client("sc.manager").post("/api/v1/relations", kin).status, 201)
        done = self.owner.post(path, {"board_id": board, "evaluations": files})
        self.assertEqual((done.status, done.json()), (201, {"evaluations": 2}), done)
        found = [[row["rule"] for row in self.owner.items(f"/api/v1/evaluations/{file}/conflicts")] for file in files]
        self.assertEqual(found, [[], ["KIN"]], "each is looked at for each file")
        for file in files:
            seats = sorted((s["account_id"], s["capacity"]) for s in self.owner.items(f"/api/v1/evaluations/{file}/seats") if s["board_id"])
            self.assertEqual(seats, sorted((self.account(name), capacity) for name, capacity in FIRST))
            self.assertEqual(self.stack.sql(f"select board_id from sanjeh.evaluation where id = '{file}'"), board)
        self.faults(self.owner.post(path, {"board_id": board, "evaluations": files[1:]}), 409, "CONFLICT", "SEATED_ALREADY")
        other = [self.evaluation(cycle, judge=self.person("board.four")), self.evaluation(cycle, judge=self.person("reviewer.one"))]
        self.assertEqual(self.seat(other[1], account_id=self.account("board.one"), capacity="appeal_chair").status, 201)
        self.faults(self.owner.post(path, {"board_id": board, "evaluations": other}), 409, "CONFLICT", "OVERLAP")
        self.assertEqual(self.owner.items(f"/api/v1/evaluations/{other[0]}/seats"), [], "none, when one of them cannot be")

    def test_separation_is_by_person(self):
        cycle = self.cycle()
        own = self.evaluation(cycle, judge=self.person("board.one"))
        self.faults(self.seat(own, account_id=self.account("board.one"), capacity="member"), 409, "CONFLICT", "SELF")
        _, evaluation = self.seated("notified")
        self.faults(self.seat(evaluation, account_id=self.account("board.one"), capacity="appeal_member"), 409, "CONFLICT", "OVERLAP")
        self.faults(self.seat(evaluation, account_id=self.account("jdpe.manager"), capacity="appeal_member"), 409, "CONFLICT", "OVERLAP")
        self.faults(self.seat(evaluation, account_id=self.account("board.one"), capacity="chair"), 409, "CONFLICT", "SEATED_ALREADY")
        self.faults(self.seat(evaluation, account_id=self.account("jdpd.manager"), capacity="reviewer"), 422, "INVALID", "EXCLUDED_UNIT")
        self.faults(self.seat(evaluation, account_id=self.account("board.four"), capacity="king"), 422, "INVALID", "UNKNOWN_CAPACITY")
        self.assertEqual(self.seat(evaluation, account_id=self.account("appeal.one"), capacity="appeal_chair").status, 201)
        self.faults(self.seat(evaluation, account_id=self.account("appeal.one"), capacity="reviewer"), 409, "CONFLICT", "OVERLAP")
        path = f"/api/v1/evaluations/{evaluation}/seats/{self.account('board.two')}/recusal"
        self.assertEqual(self.stack.client("board.two").post(path, {"reason": "دوستی"}).status, 200)
        self.faults(self.seat(evaluation, account_id=self.account("board.two"), capacity="appeal_member"), 409, "CONFLICT", "OVERLAP")
        self.faults(self.seat(evaluation, account_id=self.account("board.two"), capacity="member"), 409, "CONFLICT", "SEAT_ENDED")

    def test_a_seat_is_left_by_oneself_or_replaced_by_the_owner(self):
        _, evaluation = self.seated("notified")
        path = f"/api/v1/evaluations/{evaluation}/seats/{{}}/recusal"
        problem(self, self.stack.client("board.four").post(path.format(self.account("board.four")), {"reason": "x"}), 404, "NOT_FOUND")
        self.assertEqual(self.stack.client("board.two").post(path.format(self.account("board.one")), {"reason": "x"}).status, 403)
        problem(self, self.owner.post(path.format(self.account("board.four")), {"reason": "x"}), 404, "NOT_FOUND")
        self.faults(self.owner.post(path.format(self.account("board.two")), {"reason": " "}), 422, "INVALID", "BAD_TEXT")
        self.assertEqual(self.owner.post(path.format(self.account("board.two")), {"reason": "مأموریت"}).status, 200)
        ends = {s["account_id"]: s["ended_reason"] for s in self.owner.items(f"/api/v1/evaluations/{evaluation}/seats")}
        self.assertEqual(ends[self.account("board.two")], "replaced")
        problem(self, self.stack.client("board.two").get(f"/api/v1/evaluations/{evaluation}/seats"), 404, "NOT_FOUND")

    def test_the_judge_knows_evaluators_but_not_reviewers(self):
        _, evaluation = self.seated("notified")
        for name, capacity in (("reviewer.one", "reviewer"), ("board.four", "observer")):
            self.assertEqual(self.seat(evaluation, account_id=self.account(name), capacity=capacity).status, 201)
        seats = self.judge.items(f"/api/v1/evaluations/{evaluation}/seats")
        self.assertEqual(sorted(s["capacity"] for s in seats), ["chair", "member", "rapporteur"])
        problem(self, self.stack.client("judge.two").get(f"/api/v1/evaluations/{evaluation}/seats"), 404, "NOT_FOUND")


class Conflicts(BoardTest):
    def relation(self, client, person, kind, judge=None, **more):
        return client.post("/api/v1/relations", {"person_id": person, "judge_id": judge or self.judge_id, "kind": kind,
                                                 "valid_from": "1400-01-01", **more})

    def rules(self, evaluation, client=None):
        path = f"/api/v1/evaluations/{evaluation}/conflicts"
        return sorted((c["rule"], c["state"]) for c in (client or self.owner).items(path))

    def drop_relations(self):
        self.stack.sql("delete from sanjeh.relation")

    def test_a_relation_is_found_and_what_lies_behind_it_is_not_told(self):
        self.addCleanup(self.drop_relations)
        disciplinary = self.stack.client("jdpd.manager")
        self.assertEqual(self.relation(disciplinary, self.person("board.one"), "disciplinary").status, 201)
        self.assertEqual(self.relation(self.stack.client("sc.manager"), self.person("board.two"), "kin").status, 201)
        ended = self.relation(self.stack.client("sc.manager"), self.person("board.three"), "superior", valid_to="1400-02-01")
        self.assertEqual(ended.status, 201, ended)
        _, evaluation = self.seated("notified")
        self.assertEqual(self.rules(evaluation), [("KIN", "open"), ("PARTY", "open")])
        self.assertEqual(self.owner.items("/api/v1/relations"), [], "the owner sees the rule, not the relation")
        self.assertEqual(len(disciplinary.items("/api/v1/relations")), 1)
        self.assertEqual(self.rules(evaluation, self.judge), [])
        self.assertEqual(self.rules(evaluation, self.stack.client("board.two")), [("KIN", "open")], "only what is about himself")
        self.relation(self.stack.client("sc.manager"), self.person("board.three"), "candidate")
        path = f"/api/v1/evaluations/{evaluation}/conflicts/detection"
        for _ in range(2):
            self.assertEqual(self.owner.post(path).status, 200)
            self.assertEqual([rule for rule, _ in self.rules(evaluation)], ["CANDIDATE", "KIN", "PARTY"])
        self.assertEqual(self.stack.client("board.one").post(path).status, 403)

    def test_who_rates_each_other_in_one_cycle_is_found(self):
        cycle = self.cycle()
        theirs = self.evaluation(cycle, judge=self.person("board.one"))
        mine = self.evaluation(cycle, judge=self.person("board.three"))
        self.assertEqual(self.seat(theirs, account_id=self.account("board.three"), capacity="member").status, 201)
        self.assertEqual(self.rules(theirs), [])
        self.assertEqual(self.seat(mine, account_id=self.account("board.one"), capacity="member").status, 201)
        self.assertEqual(self.rules(mine), [("RECIPROCAL", "open")])

    def test_who_served_in_one_court_lately_is_found(self):
        court = self.owner.items("/api/v1/courts")[0]["id"]
        _, evaluation = self.seated("notified")
        self.addCleanup(self.stack.sql, "delete from sanjeh.posting where title = 'board-test'")
        for judge, name in ((self.judge_id, "judge"), (self.person("board.one"), "board.one"), (self.person("board.two"), "board.two")):
            to = "'2020-01-01'" if name == "board.two" else "null"
            self.stack.sql(f"""set session_replication_role = replica;
                insert into sanjeh.posting (unit_id, id, judge_unit_id, judge_id, court_id, title, posted_from, posted_to, created_by)
                select u.id, gen_random_uuid(), u.id, '{judge}', '{court}', 'board-test', '2019-01-01', {to}, u.id
                from sanjeh.unit u where code = 'HRD'""")
        self.assertEqual(self.owner.post(f"/api/v1/evaluations/{evaluation}/conflicts/detection").status, 200)
        self.assertEqual(self.rules(evaluation), [("SAME_BRANCH", "open")], "one of them left more than 24 months ago")

    def test_each_seat_declares_for_itself(self):
        _, evaluation = self.seated("notified")
        path = f"/api/v1/evaluations/{evaluation}/coi-declarations"
        one, two = self.stack.client("board.one"), self.stack.client("board.two")
        self.assertEqual(one.post(path, {"has_interest": False}).status, 201)
        problem(self, one.post(path, {"has_interest": False}), 409, "DUPLICATE")
        self.faults(two.post(path, {"has_interest": True}), 422, "INVALID", "BAD_TEXT")
        self.faults(two.post(path, {"has_interest": False, "interests": "x"}), 422, "INVALID", "NOT_EXPECTED")
        self.assertEqual(two.post(path, {"has_interest": True, "interests": "همسایه"}).status, 201)
        problem(self, self.stack.client("board.four").post(path, {"has_interest": False}), 404, "NOT_FOUND")
        self.assertEqual(self.owner.post(path, {"has_interest": False}).status, 403)
        self.assertEqual({d["account_id"]: d["interests"] for d in one.items(path)},
                         {self.account("board.one"): None, self.account("board.two"): None}, "another's words are sealed from him")
        self.assertIn("همسایه", [d["interests"] for d in two.items(path)])
        stored = self.stack.sql(f"select convert_from(body_ct, 'SQL_ASCII') like '%همسایه%' from sanjeh.coi_declaration "
                                f"where evaluation_id = '{evaluation}' and has_interest", check=False)
        self.assertNotIn("t", stored.stdout.split())
        self.assertEqual(self.rules(evaluation), [("DECLARED", "open")])

    def test_a_conflict_is_resolved_by_somebody_else_with_a_reason(self):
        _, evaluation = self.seated("notified")
        for name in ("board.one", "board.two"):
            answer = self.stack.client(name).post(f"/api/v1/evaluations/{evaluation}/coi-declarations",
                                                  {"has_interest": True, "interests": "سهام"})
            self.assertEqual(answer.status, 201, answer)
        first, second = self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts")
        one = f"/api/v1/conflicts/{first['id']}"
        for client in (self.owner, self.issuer):
            read = client.get(one)
            self.assertEqual((read.status, read.json(), read.header("ETag")), (200, first, '"v1"'), read)
        for name in ("board.four", "judge.two", "jdpd.manager"):
            self.assertIn(self.stack.client(name).get(one).status, (403, 404), name)
        problem(self, self.owner.get(f"/api/v1/conflicts/{uuid.uuid4()}"), 404, "NOT_FOUND")
        path, etag = f"{one}/decision", {"If-Match": read.header("ETag")}
        no = {"outcome": "no_conflict", "reason": "سهام فروخته شده است"}
        self.assertEqual(self.stack.client("board.one").post(path, no, headers=etag).status, 403)
        problem(self, self.owner.post(path, no), 428, "PRECONDITION_REQUIRED")
        problem(self, self.owner.post(path, no, headers={"If-Match": '"v2"'}), 412, "PRECONDITION_FAILED")
        self.faults(self.owner.post(path, {**no, "reason": "\u200e"}, headers=etag), 422, "INVALID", "BAD_TEXT")
        self.faults(self.owner.post(path, {**no, "outcome": "x"}, headers=etag), 422, "INVALID", "UNKNOWN_OUTCOME")
        done = self.issuer.post(path, no, headers=etag)
        self.assertEqual((done.status, done.json()["resolution"]), (200, "no_conflict"), done)
        self.assertEqual((self.owner.get(one).json(), self.owner.get(one).header("ETag")), (done.json(), '"v2"'))
        problem(self, self.owner.post(path, no, headers={"If-Match": done.header("ETag")}), 409, "CONFLICT")
        ended = self.owner.post(f"/api/v1/conflicts/{second['id']}/decision", {"outcome": "seat_ended", "reason": "تعارض"}, headers=etag)
        self.assertEqual((ended.status, ended.json()["resolution"]), (200, "seat_ended"), ended)
        seats = {s["account_id"]: s["ended_reason"] for s in self.owner.items(f"/api/v1/evaluations/{evaluation}/seats")}
        self.assertEqual(seats[second["account_id"]], "conflict")

    def test_who_recuses_himself_leaves_no_open_conflict(self):
        _, evaluation = self.seated("notified")
        two = self.stack.client("board.two")
        two.post(f"/api/v1/evaluations/{evaluation}/coi-declarations", {"has_interest": True, "interests": "سهام"})
        path = f"/api/v1/evaluations/{evaluation}/seats/{self.account('board.two')}/recusal"
        self.assertEqual(two.post(path, {"reason": "سهام"}).status, 200)
        self.assertEqual(self.rules(evaluation), [("DECLARED", "resolved")])


class Challenges(BoardTest):
    def challenged(self, days=3):
        _, evaluation = self.seated("notified")
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
            select unit_id, gen_random_uuid(), id, 'challenge', 'judge', now() - interval '9 days', now() + interval '{days} days'
            from sanjeh.evaluation where id = '{evaluation}'""")
        return evaluation, f"/api/v1/evaluations/{evaluation}/challenges"

    def challenge(self, name="board.two"):
        evaluation, path = self.challenged()
        made = self.judge.post(path, {"account_id": self.account(name), "grounds": "اختلاف پیشین"})
        self.assertEqual(made.status, 201, made)
        return evaluation, made

    def test_a_judge_challenges_while_the_clock_runs(self):
        evaluation, path = self.challenged()
        body = {"account_id": self.account("board.two"), "grounds": "اختلاف پیشین"}
        problem(self, self.stack.client("judge.two").post(path, body), 404, "NOT_FOUND")
        self.assertEqual(self.owner.post(path, body).status, 403)
        self.faults(self.judge.post(path, {**body, "account_id": self.account("board.four")}), 422, "INVALID", "NOT_SEATED")
        self.seat(evaluation, account_id=self.account("reviewer.one"), capacity="reviewer")
        self.faults(self.judge.post(path, {**body, "account_id": self.account("reviewer.one")}), 422, "INVALID", "NOT_SEATED")
        self.faults(self.judge.post(path, {**body, "grounds": "a\u202eb"}), 422, "INVALID", "BAD_TEXT")
        made = self.judge.post(path, body)
        self.assertEqual((made.status, made.json()["state"], made.json()["grounds"]), (201, "open", "اختلاف پیشین"), made)
        problem(self, self.judge.post(path, body), 409, "DUPLICATE")
        self.assertEqual(len(self.owner.items(path)), 1)
        _, over = self.challenged(days=-1)
        self.faults(self.judge.post(over, body), 409, "GUARD_UNMET", "CLOCK_OVER")

    def test_an_upheld_challenge_ends_the_seat(self):
        evaluation, made = self.challenge()
        path, etag = f"/api/v1/challenges/{made.json()['id']}", {"If-Match": made.header("ETag")}
        body = {"outcome": "upheld", "reason": "موجه است"}
        self.assertEqual(self.stack.client("board.two").post(path + "/decision", body, headers=etag).status, 403)
        self.assertEqual(self.judge.post(path + "/decision", body, headers=etag).status, 403)
        problem(self, self.owner.post(path + "/decision", body), 428, "PRECONDITION_REQUIRED")
        problem(self, self.owner.post(path + "/decision", body, headers={"If-Match": '"v4"'}), 412, "PRECONDITION_FAILED")
        done = self.owner.post(path + "/decision", body, headers=etag)
        self.assertEqual((done.status, done.json()["state"], done.json()["decision"]), (200, "upheld", "موجه است"), done)
        self.assertEqual(self.judge.get(path).json()["decision"], "موجه است")
        problem(self, self.owner.post(path + "/decision", body, headers={"If-Match": done.header("ETag")}), 409, "CONFLICT")
        seats = {s["account_id"]: s["ended_reason"] for s in self.judge.items(f"/api/v1/evaluations/{evaluation}/seats")}
        self.assertEqual(seats[self.account("board.two")], "challenged")

    def test_a_rejected_challenge_leaves_the_seat(self):
        evaluation, made = self.challenge("board.three")
        done = self.issuer.post(f"/api/v1/challenges/{made.json()['id']}/decision", {"outcome": "rejected", "reason": "بی‌دلیل"},
                                headers={"If-Match": made.header("ETag")})
        self.assertEqual((done.status, done.json()["state"]), (200, "rejected"), done)
        self.assertTrue(all(s["ended_at"] is None for s in self.owner.items(f"/api/v1/evaluations/{evaluation}/seats")))

    def test_only_an_open_board_of_the_cycle_is_named(self):
        cycle, other = self.cycle(), self.cycle()
        evaluation = self.evaluation(cycle)
        path = f"/api/v1/evaluations/{evaluation}"

        def name(**body):
            return self.owner.patch(path, body, headers={"If-Match": self.owner.get(path).header("ETag")})

        mine, appeal = self.board(cycle)["id"], self.board(cycle, (("appeal.one", "chair"),), kind="appeal")["id"]
        for member, wrong in (("board_id", str(uuid.uuid4())), ("board_id", self.board(other)["id"]), ("board_id", appeal),
                              ("appeal_board_id", mine), ("appeal_board_id", str(uuid.uuid4()))):
            document = problem(self, name(**{member: wrong}), 422)
            self.assertEqual([(fault["pointer"], fault["code"]) for fault in document["errors"]], [("/" + member, "UNKNOWN")])
        done = name(board_id=mine, appeal_board_id=appeal)
        self.assertEqual((done.status, done.json()["board_id"], done.json()["appeal_board_id"]), (200, mine, appeal), done)


if __name__ == "__main__":
    unittest.main()
