# SPDX-License-Identifier: Apache-2.0
"""Many people change the same thing at the same moment: of each version exactly one change wins, the others are told (412) and lose
nothing; a key sent twice at once has one effect; nothing of the database's locking shows."""

import threading
import unittest
import uuid

from board_case import BoardTest
from stack import problem

WRITERS = 50
ADDERS = 10
TURNS = 12  # of one adder: each turn somebody gets through, so nobody needs more than there are adders, and a few


class Concurrency(BoardTest):
    def at_once(self, name, count, ask):
        """Answers of count calls of ask(client, number), each on a connection of its own that is open before the first asks."""
        barrier, answers = threading.Barrier(count), [None] * count

        def one(number):
            client = self.stack.client(name).with_token(self.stack.client(name).token)
            try:
                client.get("/api/v1/me")
                barrier.wait(30)
                answers[number] = ask(client, number)
            finally:
                client.close()

        self.stack.client(name)
        threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertNotIn(None, answers, "somebody got no answer")
        return answers

    def statuses(self, answers):
        found = {}
        for answer in answers:
            found[answer.status] = found.get(answer.status, 0) + 1
        return found

    def draft(self):
        evaluation = self.evaluation(self.cycle(), "collecting")
        made = self.judge.post("/api/v1/self-assessments", {"evaluation_id": evaluation, "achievements": "آغاز"})
        self.assertEqual(made.status, 201, made)
        return made.header("Location"), made

    def test_of_fifty_changes_of_one_draft_one_wins(self):
        path, made = self.draft()
        tag = {"If-Match": made.header("ETag")}
        answers = self.at_once("judge.one", WRITERS, lambda client, number: client.patch(
            path, {"achievements": f"نوشته {number}"}, headers=tag))
        self.assertEqual(self.statuses(answers), {200: 1, 412: WRITERS - 1})
        winner = next(number for number, answer in enumerate(answers) if answer.status == 200)
        now = self.judge.get(path)
        self.assertEqual((now.json()["achievements"], now.json()["version"]), (f"نوشته {winner}", 2))
        self.assertEqual(now.header("ETag"), answers[winner].header("ETag"))

    def test_whoever_reads_again_loses_nothing(self):
        path, _ = self.draft()

        def add(client, number):
            for _ in range(TURNS):
                now = client.get(path)
                answer = client.patch(path, {"achievements": now.json()["achievements"] + f" +{number}."},
                                      headers={"If-Match": now.header("ETag")})
                if answer.status != 412:
                    break
            return answer

        answers = self.at_once("judge.one", ADDERS, add)
        self.assertEqual(self.statuses(answers), {200: ADDERS})
        now = self.judge.get(path).json()
        self.assertEqual(sorted(now["achievements"].split()), sorted(["آغاز"] + [f"+{number}." for number in range(ADDERS)]))
        self.assertEqual(now["version"], 1 + ADDERS)

    def test_a_change_and_the_submission_do_not_pass_each_other(self):
        path, made = self.draft()
        tag = {"If-Match": made.header("ETag")}
        answers = self.at_once("judge.one", 20, lambda client, number: client.post(f"{path}/submit", headers=tag)
                               if number % 2 else client.patch(path, {"achievements": f"نوشته {number}"}, headers=tag))
        self.assertEqual(sum(answer.status == 200 for answer in answers), 1, self.statuses(answers))
        # who comes after a submission may be told that it is submitted or that the version has gone
        self.assertLessEqual(set(self.statuses(answers)), {200, 409, 412})
        winner = next(number for number, answer in enumerate(answers) if answer.status == 200)
        now = self.judge.get(path).json()
        self.assertEqual((now["state"], now["version"]), ("submitted" if winner % 2 else "draft", 2))
        self.assertEqual(now["achievements"], "آغاز" if winner % 2 else f"نوشته {winner}")

    def test_of_fifty_changes_of_one_evaluation_one_wins(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle)
        boards = [self.board(cycle)["id"], self.board(cycle)["id"]]
        path = f"/api/v1/evaluations/{evaluation}"
        before = self.owner.get(path)
        tag = {"If-Match": before.header("ETag")}
        answers = self.at_once("hrd.manager", WRITERS, lambda client, number: client.patch(
            path, {"board_id": boards[number % 2]}, headers=tag))
        self.assertEqual(self.statuses(answers), {200: 1, 412: WRITERS - 1})
        winner = next(number for number, answer in enumerate(answers) if answer.status == 200)
        now = self.owner.get(path).json()
        self.assertEqual((now["board_id"], now["version"]), (boards[winner % 2], before.json()["version"] + 1))

    def test_two_people_who_change_one_evaluation_lose_nothing(self):
        """Two persons with accounts and sessions of their own change something else of it from the same version. One of them is told, reads
        again and adds his own: both changes stand."""
        if "second.owner" not in self.stack.accounts:
            self.stack.add_accounts({"second.owner": ("HRD", "-", "process-owner", "مالک دوم فرایند")})
        names = ("hrd.manager", "second.owner")
        people = {name: self.stack.client(name) for name in names}
        self.assertNotEqual(*(person.get("/api/v1/me").json()["account"]["id"] for person in people.values()))
        for _ in range(4):
            cycle = self.cycle()
            path = f"/api/v1/evaluations/{self.evaluation(cycle)}"
            wish = {"hrd.manager": ("board_id", self.board(cycle)["id"]), "second.owner": ("appeal_board_id", self.board(
                cycle, (("appeal.one", "chair"), ("appeal.two", "member"), ("appeal.three", "member")), "appeal")["id"])}
            read = {name: person.get(path) for name, person in people.items()}
            self.assertEqual(*(answer.header("ETag") for answer in read.values()))
            barrier, answers = threading.Barrier(2), {}

            def change(name):
                barrier.wait(30)
                member, value = wish[name]
                answers[name] = people[name].patch(path, {member: value}, headers={"If-Match": read[name].header("ETag")})

            threads = [threading.Thread(target=change, args=(name,)) for name in names]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            self.assertEqual(sorted(answer.status for answer in answers.values()), [200, 412], answers)
            first, second = sorted(names, key=lambda name: answers[name].status)
            problem(self, answers[second], 412, "PRECONDITION_FAILED")
            now = people[second].get(path)
            self.assertEqual((now.json()[wish[first][0]], now.json()[wish[second][0]]), (wish[first][1], None), "the loser's change was half made")
            again = people[second].patch(path, dict([wish[second]]), headers={"If-Match": now.header("ETag")})
            self.assertEqual(again.status, 200, again)
            both = self.issuer.get(path).json()
            self.assertEqual({member: both[member] for member, _ in wish.values()}, dict(wish.values()))
            self.assertEqual(both["version"], read[first].json()["version"] + 2)
            problem(self, people[first].patch(path, dict([wish[first]]), headers={"If-Match": answers[first].header("ETag")}), 412)

    def test_of_fifty_moves_of_one_evaluation_one_is_made(self):
        _, evaluation = self.seated("notified")
        path = f"/api/v1/evaluations/{evaluation}"
        before = self.owner.get(path)
        tag = {"If-Match": before.header("ETag")}
        answers = self.at_once("hrd.manager", WRITERS, lambda client, number: client.post(
            f"{path}/moves", {"to": "suspended", "reason": f"دلیل {number}"}, headers=tag))
        self.assertEqual(self.statuses(answers).get(200), 1, answers[0])
        self.assertLessEqual(set(self.statuses(answers)), {200, 409, 412})
        events = self.stack.sql(f"select count(*) from sanjeh.evaluation_event where evaluation_id = '{evaluation}' and to_state = 'suspended'")
        self.assertEqual((events, self.owner.get(path).json()["version"]), ("1", before.json()["version"] + 1))

    # ---- the same key at once ----

    def one_effect(self, name, path, body, count_sql):
        key = {"Idempotency-Key": str(uuid.uuid4())}
        before = int(self.stack.sql(count_sql))
        answers = self.at_once(name, 12, lambda client, number: client.post(path, body, headers=key))
        self.assertEqual(self.statuses(answers), {201: 12}, answers[0])
        self.assertEqual(len({answer.body for answer in answers}), 1, "the answers differ")
        self.assertEqual(len({answer.header("Location") for answer in answers}), 1)
        self.assertEqual(int(self.stack.sql(count_sql)), before + 1)

    def test_a_key_sent_twelve_times_at_once_has_one_effect(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle, "collecting")
        file = f"where evaluation_id = '{evaluation}'"
        self.one_effect("judge.one", "/api/v1/self-assessments", {"evaluation_id": evaluation, "achievements": "یک بار"},
                        f"select count(*) from sanjeh.self_assessment {file}")
        self.one_effect("judge.one", f"/api/v1/evaluations/{evaluation}/evidence", {"kind": "document", "title": "گواهی", "text": "متن"},
                        f"select count(*) from sanjeh.evidence_item {file}")
        self.one_effect("hrd.manager", "/api/v1/boards", {"cycle_id": cycle, "name": "هیئت", "kind": "first", "members": self.members(
            ("board.one", "chair"), ("board.two", "member"), ("board.three", "rapporteur"))},
            f"select count(*) from sanjeh.board where cycle_id = '{cycle}'")
        self.one_effect("hrd.manager", "/api/v1/judges", {"personnel_number": f"ONE-{uuid.uuid4().hex[:8]}", "name": "قاضی نمونه"},
                        "select count(*) from sanjeh.judge")

    def test_no_lock_of_the_database_shows(self):
        """After all of the above: no statement failed for a reason that a person is not told."""
        self.assertNotRegex(self.stack.log(), r'"error\.code":"(SERIALIZATION|INTERNAL|DATABASE_TIMEOUT)"')


if __name__ == "__main__":
    unittest.main()
