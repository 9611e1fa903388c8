# SPDX-License-Identifier: Apache-2.0
"""A reply may reopen the draft. What follows is the same protection once more: the file is served again before there is a reply or a
lapse again, and what the judge said the first time is answered before there is a verdict, whoever is slow.

The database's owner puts a file before its disclosure; everything after goes through the routes."""

import time
import unittest

from board_case import TEXTS
from move_case import MoveTest, tag
from stack import problem

REASON = "نکته دوم وارد است"
MARKS = ((1, "70"), (2, "4"), (3, "60"))
VERDICT = {"items": [{"item_no": no, "outcome": "unchanged"} for no in (1, 2, 3, 4)], "narrative": "رأی"}


class Reopened(MoveTest):
    def setUp(self):
        super().setUp()
        self.place("rating")
        for name in ("board.one", "board.two", "board.three"):
            for item, mark in MARKS:
                self.by(name, f"{self.path}/ratings", {"item_no": item, "mark": mark})
            self.by(name, f"{self.path}/ratings/submit")
        self.draft()
        self.place("drafted", ", marks_locked_at = now()")
        self.by("jdpe.manager", f"{self.path}/disclosures")
        self.first = self.reply("نکته یکم", "نکته دوم")
        self.answer("board.two", self.first, 1)
        self.reopen()

    def reopen(self):
        self.by("board.one", f"{self.path}/moves", {"to": "drafted", "reason": REASON}, tag(self.owner.get(self.path)))

    def by(self, name, path, body=None, headers=None):
        answer = self.stack.client(name).post(path, body, headers=headers or {})
        self.assertIn(answer.status, (200, 201), f"{name} {path}: {answer}")
        return answer

    def draft(self):
        self.by("board.three", f"{self.path}/drafts", {"state": "final", "families": TEXTS, "overall": "نظر"})

    def let_lapse(self):
        self.stack.sql(f"""update sanjeh.deadline set started_at = now() - interval '99 days', due_at = now() - interval '1 day'
            where evaluation_id = '{self.file}' and code = 'reply' and state = 'open'""")
        for _ in range(400):
            if self.state() == "reply_lapsed":
                break
            time.sleep(0.1)
        self.assertEqual(self.state(), "reply_lapsed")

    def reply(self, *points):
        made = self.by("judge.one", f"{self.path}/replies", {"points": list(points)})
        self.by("judge.one", f"/api/v1/replies/{made.json()['id']}/submit", headers=tag(made))
        self.assertEqual(self.state(), "replied")
        return made.json()["id"]

    def answer(self, name, reply, no):
        return self.by(name, f"/api/v1/replies/{reply}/points/{no}/answer", {"text": f"جواب {no}"})

    def state(self):
        return self.owner.get(self.path).json()["state"]

    def unmet(self, answer):
        return {error["code"] for error in problem(self, answer, 409, "GUARD_UNMET")["errors"]}

    def verdict(self):
        return self.stack.client("board.one").post(f"{self.path}/verdicts", VERDICT)

    def test_1_what_was_reopened_is_served_again_before_anything_else(self):
        """The first serving and the first reply are of a draft that is no more; neither counts for the second."""
        self.version = self.owner.get(self.path).json()["version"]
        self.assertEqual(self.unmet(self.ask("jdpe.manager", "disclosed")), {"DISCLOSURE_MADE"})
        self.assertIn("unmet: DISCLOSURE_MADE", self.in_database("issuer", "disclosed").stderr)
        self.assertEqual(self.state(), "drafted")
        problem(self, self.judge.post(f"{self.path}/replies", {"points": ["زود"]}), 409, "GUARD_UNMET")
        self.draft()
        self.by("jdpe.manager", f"{self.path}/disclosures")
        self.assertEqual(self.state(), "disclosed")
        self.assertEqual(len(self.judge.items(f"/api/v1/disclosures?evaluation_id={self.file}")), 2)
        self.assertIn("unmet: REPLY_SUBMITTED", self.in_database("judge", "replied").stderr)
        second = self.reply("نکته سوم")
        self.answer("board.one", second, 1)
        self.assertEqual(self.unmet(self.verdict()), {"POINTS_ANSWERED"}, "the second point of the first reply is open")
        self.answer("board.one", self.first, 2)
        self.assertEqual(self.verdict().status, 201)
        self.assertEqual(self.state(), "decided")
        self.place("gated")
        card = self.by("jdpe.manager", f"{self.path}/report-cards", headers={"If-Match": f'"v{self.version}"'}).json()["card"]
        said = [[(point["no"], point["text"], point["answer"]) for point in reply["points"]] for reply in (card["reply"], *card["reply"]["earlier"])]
        self.assertEqual(said, [[(1, "نکته سوم", "جواب 1")], [(1, "نکته یکم", "جواب 1"), (2, "نکته دوم", "جواب 2")]])

    def test_2_a_point_stays_answerable_when_the_second_reply_lapses(self):
        self.by("jdpe.manager", f"{self.path}/disclosures")
        self.let_lapse()
        self.assertEqual(self.unmet(self.verdict()), {"POINTS_ANSWERED"})
        open_point = f"/api/v1/replies/{self.first}/points/2/answer"
        for name, status in (("judge.one", (403,)), ("jdpe.manager", (403,)), ("board.four", (403, 404)), ("appeal.one", (403, 404))):
            self.assertIn(self.stack.client(name).post(open_point, {"text": "من"}).status, status, name)
        self.answer("board.three", self.first, 2)
        self.assertEqual(self.verdict().status, 201)
        self.assertEqual(self.state(), "decided")

    def test_3_the_board_may_answer_while_it_drafts_and_while_the_judge_reads(self):
        self.answer("board.two", self.first, 2)
        problem(self, self.stack.client("board.two").post(f"/api/v1/replies/{self.first}/points/2/answer", {"text": "دیگر"}), 409, "CONFLICT")
        self.by("jdpe.manager", f"{self.path}/disclosures")
        seen = self.judge.get(f"/api/v1/replies/{self.first}").json()["answers"]
        self.assertEqual([point["answer"] for point in seen], [{"text": "جواب 1"}, {"text": "جواب 2"}])

    def test_4_what_is_decided_is_answered_no_more(self):
        self.place("decided")
        document = problem(self, self.stack.client("board.two").post(
            f"/api/v1/replies/{self.first}/points/2/answer", {"text": "دیر"}), 409, "GUARD_UNMET")
        self.assertEqual([error["code"] for error in document["errors"]], ["NOT_REPLIED"])
        said = self.in_context("board", f"""with changed as (update sanjeh.reply_point set answer_ct = text_ct, answered_by = created_by,
            answered_at = now() where reply_id = '{self.first}' and no = 2 returning 1) select 'changed ' || count(*) from changed""")
        self.assertIn("changed 0", said.stdout, said.stderr)


if __name__ == "__main__":
    unittest.main()
