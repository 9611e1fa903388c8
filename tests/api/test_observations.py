# SPDX-License-Identifier: Apache-2.0
"""Courtroom observations: two observers of one sitting, each blind to the other, once and for all."""

import datetime
import unittest

from board_case import BoardTest
from stack import problem

SHEET = {"voice": "4", "neutrality": "۵", "respect": "3.5", "trust": "4", "notes": "به هر دو طرف فرصت داد"}


class Observations(BoardTest):
    def setUp(self):
        self.cycle_id, self.file = self.seated("collecting")
        self.path = f"/api/v1/evaluations/{self.file}/observations"
        for name in ("board.five", "board.six"):
            seat = self.seat(self.file, account_id=self.account(name), capacity="observer")
            self.assertEqual(seat.status, 201, seat)
        self.one, self.two = self.stack.client("board.five"), self.stack.client("board.six")
        self.chair = self.stack.client("board.one")
        self.day = (datetime.date.today() - datetime.timedelta(days=3)).isoformat()

    def observe(self, client, **more):
        return client.post(self.path, {"observed_on": self.day, **SHEET, **more})

    def seen(self, client):
        return [row["account_id"] for row in client.items(self.path)]

    def test_each_observer_writes_without_the_other(self):
        made = self.observe(self.one)
        self.assertEqual(made.status, 201, made)
        self.assertEqual(made.json()["body"], {"voice": "4", "neutrality": "5", "respect": "3.5", "trust": "4", "mean": "4.125",
                                               "notes": SHEET["notes"]})
        self.assertEqual(made.json()["observed_on"], self.day)
        path = made.header("Location")
        self.assertEqual(self.one.get(path).json(), made.json())
        for client in (self.two, self.chair, self.judge, self.owner):
            self.assertIn(client.get(path).status, (403, 404))
        self.assertEqual(self.seen(self.two), [])
        self.assertEqual(self.observe(self.two, voice="3").status, 201)
        self.assertEqual(self.seen(self.one), [self.account("board.five")], "an observer sees the other's sheet")
        self.assertEqual((self.seen(self.chair), self.seen(self.judge)), ([], []))

    def test_the_board_sees_after_the_lock_and_the_judge_after_disclosure_without_names(self):
        made = [self.observe(client).json()["id"] for client in (self.one, self.two)]
        self.move(self.file, "drafted", ", marks_locked_at = now()")
        self.assertEqual(len(self.seen(self.chair)), 2)
        self.assertEqual(self.seen(self.judge), [])
        self.move(self.file, "disclosed", ", disclosed_at = now()")
        rows = self.judge.items(self.path)
        self.assertEqual({row["id"] for row in rows}, set(made))
        self.assertEqual([(row["account_id"], row["body"]["notes"]) for row in rows], [(None, SHEET["notes"])] * 2)
        self.assertIsNone(self.judge.get(f"/api/v1/observations/{made[0]}").json()["account_id"])
        problem(self, self.observe(self.one, observed_on=(datetime.date.today()).isoformat()), 409, "CONFLICT")

    # ---- as a number in S06: hand-made ----

    def s06(self, period, rows=""):
        """The line of S06 of this file, computed now; its cycle asks for it alone and lies in a period of its own."""
        if rows:
            sent = self.owner.post("/api/v1/contributions", {"kind": "survey_means", "format": "csv", "period": period,
                                                             "data": "judge,criterion,mean,n\n" + rows})
            self.assertEqual(sent.status, 201, sent)
        self.stack.sql(f"""begin; set local session_replication_role = replica; update sanjeh.template_item set indicator_code = 'S06',
            family = 'conduct' where no = 4 and template_id = (select template_id from sanjeh.cycle where id = '{self.cycle_id}');
            update sanjeh.template_item set family = 'quality' where no = 2 and template_id = (select template_id from sanjeh.cycle
                where id = '{self.cycle_id}');
            update sanjeh.cycle set period_from = '2016-03-20', period_to = '2017-03-20' where id = '{self.cycle_id}'; commit;""")
        done = self.owner.post(f"/api/v1/cycles/{self.cycle_id}/computations")
        self.assertEqual(done.status, 201, done)
        sheet = self.issuer.get(f"/api/v1/evaluations/{self.file}/score")
        self.assertEqual(sheet.status, 200, sheet)
        line = next(item for item in sheet.json()["sheet"]["items"] if item["code"] == "S06")
        return tuple(line.get(key) for key in ("raw", "n", "observations", "reason")), line

    def test_two_observers_are_answers_among_those_of_the_survey(self):
        self.assertEqual(self.s06("1395", "HRD-0001,S06,4,18\n")[0], (4, 18, None, None))
        self.assertEqual(self.observe(self.one).status, 201)
        self.assertEqual(self.s06("1395")[0], (4, 18, None, None), "one observer alone makes a number")
        self.assertEqual(self.observe(self.two, voice="3", neutrality="3", respect="3", trust="3").status, 201)
        found, line = self.s06("1395")
        # (4 + 5 + 3.5 + 4 + 3 + 3 + 3 + 3) / 8 = 3.5625; (18 × 4 + 2 × 3.5625) / 20
        self.assertEqual(found, (3.95625, 20, 2, None))
        # from 3.6 (80) to 5 (100)
        self.assertAlmostEqual(line["sub_score"], 80 + 20 * (3.95625 - 3.6) / 1.4, places=4)
        other_day = (datetime.date.today() - datetime.timedelta(days=9)).isoformat()
        self.assertEqual(self.observe(self.one, observed_on=other_day, voice="1", neutrality="1", respect="1.25", trust="1").status, 201)
        # (28.5 + 4.25) / 12 = 2.729167; (72 + 8.1875) / 21
        self.assertEqual(self.s06("1395")[0], (3.818452, 21, 3, None))
        # the third was written after the cut
        self.stack.sql(f"""begin; set local session_replication_role = replica; update sanjeh.evaluation e set state = 'frozen', frozen_at = (
            select o.created_at - interval '1 microsecond' from sanjeh.observation o where o.evaluation_id = e.id and o.observed_on =
            '{other_day}') where e.id = '{self.file}'; commit;""")
        self.assertEqual(self.s06("1395")[0], (3.95625, 20, 2, None))

    def test_observers_without_a_survey_are_too_few(self):
        self.stack.sql("update sanjeh.indicator_value set in_force = false where period_from = '2016-03-20'")
        self.assertEqual(self.s06("1395")[0], (None, None, None, "NO_DATA"))
        for client in (self.one, self.two):
            self.assertEqual(self.observe(client).status, 201)
        found, line = self.s06("1395")
        self.assertEqual(found, (4.125, 2, 2, "BELOW_MIN_N"))
        self.assertIsNone(line["sub_score"])
        self.assertEqual(self.owner.get(f"/api/v1/evaluations/{self.file}").json()["coverage"], "75.00")

    def test_a_sheet_is_written_once_and_not_changed(self):
        self.assertEqual(self.observe(self.one).status, 201)
        problem(self, self.observe(self.one, voice="1"), 409, "DUPLICATE")
        self.assertEqual(self.one.items(self.path)[0]["body"]["voice"], "4")
        self.assertIn(self.one.request("DELETE", f"/api/v1/observations/{self.one.items(self.path)[0]['id']}").status, (404, 405))
        stored = self.stack.sql(f"select octet_length(body_ct) > 100 from sanjeh.observation where evaluation_id = '{self.file}'")
        self.assertEqual(stored, "t")

    def test_who_does_not_observe_writes_nothing(self):
        for client in (self.chair, self.judge, self.owner, self.issuer, self.stack.client("judge.two"), self.stack.client("jdpd.manager")):
            self.assertIn(self.observe(client).status, (403, 404))

    def test_bad_sheets_are_named(self):
        tomorrow = (datetime.date.today() + datetime.timedelta(days=2)).isoformat()
        for more, code in (({"voice": "0.5"}, "BAD_MARK"), ({"trust": "6"}, "BAD_MARK"), ({"respect": "4.125"}, "BAD_MARK"),
                           ({"neutrality": "خوب"}, "BAD_MARK"), ({"observed_on": tomorrow}, "BAD_DAY"), ({"observed_on": "1390-01-01"}, "BAD_DAY"),
                           ({"observed_on": "دیروز"}, "FORMAT"), ({"notes": "a\u202eb"}, "BAD_TEXT")):
            with self.subTest(more):
                self.faults(self.observe(self.one, **more), 422, "INVALID", code)
        problem(self, self.observe(self.one, courage="5"), 400, "UNKNOWN_MEMBER")
        self.assertEqual(self.seen(self.one), [])


if __name__ == "__main__":
    unittest.main()
