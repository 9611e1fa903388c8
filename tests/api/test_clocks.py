# SPDX-License-Identifier: Apache-2.0
"""Every clock of the catalogue lapses once: it moves the evaluation, or it comes to the next person. On a server of its own whose
evaluation clock `sanjeh clock` turns; the clocks are started by the deeds that start them, never by hand."""

import datetime
import json
import os
import subprocess
import time
import unittest

from board_case import TEXTS, BoardTest
from stack import Stack, problem

ROSTER = "personnel_number,name\n" + "".join(f"K-{n:03},قاضی نمونه {name}\n" for n, name in enumerate("ابپتثجچحخد", 1))
SEATS = (("k.one", "chair"), ("k.two", "member"), ("k.three", "rapporteur"))
APPEAL = (("k.four", "appeal_chair"), ("k.five", "appeal_member"), ("k.six", "appeal_member"))


TEHRAN = datetime.timezone(datetime.timedelta(hours=3, minutes=30))


def tag(answer):
    return {"If-Match": answer.header("ETag")}


def day_of(time):
    """The day in Tehran of an instant as the API writes it."""
    return datetime.datetime.fromisoformat(time.replace("Z", "+00:00")).astimezone(TEHRAN).date()


class Clocks(BoardTest):
    """One file per test; each test turns the clock far enough for itself, so they do not disturb each other."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "sit.manager"), env={"SANJEH_EVALUATION_TEST_CLOCK": "1",
                                                                                          "SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        sent = cls.owner.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        assert sent.status == 201, sent
        names = [name for name, _ in (*SEATS, *APPEAL)]
        cls.stack.add_accounts({name: ("SC", "-", "evaluator", f"عضو {n}", f"HRD:K-{n + 4:03}", "person") for n, name in enumerate(names)})
        cls.stack.add_accounts({"k.judge": ("-", "-", "judge", "قاضی", "HRD:K-001")})
        cls.judge = cls.stack.client("k.judge")
        cls.judge_id = cls.judge.get("/api/v1/me").json()["judge_id"]
        cls.lapsed = set()

    def setUp(self):
        self.cycle_id = self.cycle()
        self.stack.sql(f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select c.unit_id, c.id, k.code, k.days, "
                       f"k.day_kind from sanjeh.cycle c, sanjeh.clock k where c.id = '{self.cycle_id}' on conflict do nothing")
        self.file = self.evaluation(self.cycle_id, state="planned")
        self.path = f"/api/v1/evaluations/{self.file}"
        named = self.seat(self.file, board_id=self.board(self.cycle_id, SEATS)["id"])
        self.assertEqual(named.status, 201, named)

    def seats(self, *seats):
        for name, capacity in seats:
            self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id,
                issuer_scope_id) select e.unit_id, e.id, a.id, coalesce(a.judge_id, a.person_judge_id, a.id), '{capacity}', true, e.judge_id,
                e.issuer_scope_id from sanjeh.evaluation e, sanjeh.account a where e.id = '{self.file}' and a.username = '{name}'""")

    def sanjeh(self, *words, code=0):
        noun = 2 if words[0] == "clock" else 1
        done = subprocess.run([str(self.stack.build / "server/sanjeh"), *words[:noun], "--config", str(self.stack.folder / "sanjehd.conf"),
                               *words[noun:]], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SANJEH_EVALUATION_TEST_CLOCK": "1"})
        self.assertEqual(done.returncode, code, done.stdout + done.stderr)
        return done.stdout

    def advance(self, days):
        self.sanjeh("clock", "advance", f"{days}d")

    def go(self, to, name="hrd.manager", **body):
        client = self.stack.client(name)
        answer = client.post(f"{self.path}/moves", {"to": to, **body}, headers=tag(client.get(self.path)))
        self.assertEqual(answer.status, 200, answer)

    def mine(self, client, state=None):
        found = client.items("/api/v1/deadlines?mine=true" + (f"&state={state}" if state else ""))
        return {row["code"]: row for row in found if row["evaluation_id"] == self.file}

    def becomes(self, state):
        for _ in range(400):
            found = self.owner.get(self.path).json()["state"]
            if found == state:
                return
            time.sleep(0.1)
        self.fail(f"stays {found}")

    def running(self, client, code, days):
        """The clock runs for this person, for about so many days."""
        row = self.mine(client, "open")[code]
        length = self.stack.sql(f"select extract(epoch from ('{row['due_at']}'::timestamptz - '{row['started_at']}'::timestamptz)) / 86400")
        self.assertTrue(days - 1 < float(length) < days + 6, f"{code} runs {length} days")

    def lapses(self, code, days, escalated_to=None):
        """Time passes: the clock lapses, and comes to whom it comes."""
        self.advance(days)
        for _ in range(400):
            rows = {row["code"]: row for row in self.owner.items(f"/api/v1/deadlines?evaluation_id={self.file}&state=lapsed")}
            if code in rows:
                break
            time.sleep(0.1)
        self.assertIn(code, rows, "does not lapse")
        if rows[code]["extended"]:
            self.lapsed.add(f"{code}_extension")
        self.assertEqual(rows[code]["escalated_at"] is not None, escalated_to is not None, rows[code])
        self.assertEqual(rows[code]["escalated_to"], escalated_to)
        self.lapsed.add(code)

    # ---- to the day: reckoned here once more, from the holidays that the calendar shows ----

    def ends(self, day, days, kind="calendar"):
        """The day a clock of so many days ends that starts on this day."""
        holidays = {row["day"] for row in self.owner.items("/api/v1/calendar/holidays")}

        def is_off(which):
            return which.isoweekday() == 5 or which.isoformat() in holidays
        for _ in range(days):
            day += datetime.timedelta(days=1)
            while kind == "working" and is_off(day):
                day += datetime.timedelta(days=1)
        while is_off(day):
            day += datetime.timedelta(days=1)
        return day

    def due(self, client, code):
        row = self.mine(client, "open")[code]
        self.assertTrue(row["due_at"].endswith("T20:29:59.999999Z"), "a clock ends with the day in Tehran")
        return day_of(row["due_at"])

    def now(self):
        return day_of(self.stack.sql("select sanjeh.rfc3339(sanjeh.clock_now())"))

    def working_days(self, after, until):
        """Days behind the one and up to the other that are neither Friday nor holiday."""
        return sum(self.ends(day, 0) == day for n in range(1, (until - after).days + 1) for day in [after + datetime.timedelta(days=n)])

    def test_a_suspension_moves_every_clock_by_the_days_it_took(self):
        self.stack.sql(f"update sanjeh.cycle_clock set days = 9, day_kind = 'working' where cycle_id = '{self.cycle_id}' and code = 'contest'")
        began = self.now()
        self.go("notified")
        before = {code: self.due(self.judge, code) for code in ("challenge", "self_assessment", "contest")}
        self.assertEqual(before, {"challenge": self.ends(began, 10), "self_assessment": self.ends(began, 14),
                                  "contest": self.ends(began, 9, "working")})
        self.advance(3)
        self.go("suspended", reason="مأموریت")
        stopped = day_of(self.owner.get(self.path).json()["state_since"])
        self.advance(44)
        resumes = self.now()
        holiday = resumes + (before["self_assessment"] - stopped)  # the very day that one would end on
        added = self.owner.post("/api/v1/calendar/holidays", {"day": holiday.isoformat(), "name_fa": "آزمون", "name_en": "Test", "source": "test"})
        self.assertEqual(added.status, 201, added)
        left = self.working_days(stopped, before["contest"])
        self.go("notified", reason="بازگشت")
        resumed = day_of(self.owner.get(self.path).json()["state_since"])
        self.assertEqual((resumed - stopped).days, 44)
        for code in ("challenge", "self_assessment"):
            self.assertEqual(self.due(self.judge, code), self.ends(before[code] + (resumed - stopped), 0), code)
        self.assertGreater(self.due(self.judge, "self_assessment"), holiday)
        self.assertEqual(self.due(self.judge, "contest"), self.ends(resumed, left, "working"))
        self.assertEqual(self.working_days(resumed, self.due(self.judge, "contest")), left)

    def test_a_suspension_within_a_day_moves_nothing_and_none_ends_on_the_day_of_resuming(self):
        self.go("notified")
        before = {code: self.due(self.judge, code) for code in ("challenge", "self_assessment", "contest")}
        for to in ("suspended", "notified"):
            self.go(to, reason="مرخصی")
        self.assertEqual({code: self.due(self.judge, code) for code in before}, before)
        self.advance((before["challenge"] - self.now()).days)
        self.go("suspended", reason="مرخصی")
        self.advance(5)
        self.go("notified", reason="بازگشت")
        self.assertEqual(self.due(self.judge, "challenge"), self.ends(self.now(), 1))

    # ---- the judge's clocks ----

    def test_challenge_self_assessment_and_contest(self):
        self.go("notified")
        for code, days in (("challenge", 10), ("self_assessment", 14), ("contest", 10)):
            self.running(self.judge, code, days)
        self.lapses("challenge", 12)
        self.becomes("collecting")
        problem(self, self.judge.post(f"{self.path}/challenges", {"account_id": self.account("k.one"), "grounds": "دیر"}), 409, "GUARD_UNMET")
        self.lapses("contest", 2)
        self.lapses("self_assessment", 8)
        late = self.judge.post("/api/v1/self-assessments", {"evaluation_id": self.file, "achievements": "دیر"})
        self.assertEqual(late.status, 201, "until the freeze a late word is better than none")

    def test_a_challenge_that_nobody_decides_comes_to_the_owner(self):
        self.go("notified")
        made = self.judge.post(f"{self.path}/challenges", {"account_id": self.account("k.two"), "grounds": "آشنایی"})
        self.assertEqual(made.status, 201, made)
        self.running(self.owner, "challenge_decision", 5)
        self.lapses("challenge_decision", 8, "owner")
        self.assertIn("challenge_decision", self.mine(self.owner, "lapsed"))
        self.assertNotIn("challenge_decision", self.mine(self.judge))
        self.advance(6)
        time.sleep(3)
        self.assertEqual(self.owner.get(self.path).json()["state"], "notified", "an open challenge holds")
        path = f"/api/v1/challenges/{made.json()['id']}"
        done = self.owner.post(f"{path}/decision", {"outcome": "rejected", "reason": "بی‌دلیل"}, headers=tag(self.owner.get(path)))
        self.assertEqual(done.status, 200, done)
        self.becomes("collecting")
        self.assertIsNone(self.mine(self.owner, "lapsed")["challenge_decision"]["escalated_to"], "what was done is still called undone")

    def test_a_challenge_that_is_decided_in_time_is_met(self):
        self.go("notified")
        made = self.judge.post(f"{self.path}/challenges", {"account_id": self.account("k.two"), "grounds": "آشنایی"})
        path = f"/api/v1/challenges/{made.json()['id']}"
        self.owner.post(f"{path}/decision", {"outcome": "rejected", "reason": "بی‌دلیل"}, headers=tag(self.owner.get(path)))
        rows = {row["code"]: row["state"] for row in self.owner.items(f"/api/v1/deadlines?evaluation_id={self.file}")}
        self.assertEqual(rows["challenge_decision"], "met")

    def test_a_data_issue_is_the_unit_s_to_answer(self):
        self.go("notified")
        made = self.judge.post("/api/v1/data-issues", {"field": "first_appointment", "text": "سال دیگری است"})
        self.assertEqual(made.status, 201, made)
        self.running(self.owner, "issue_answer", 10)
        self.lapses("issue_answer", 14, "owner")
        self.assertIn("issue_answer", self.mine(self.owner, "lapsed"))
        path = f"/api/v1/data-issues/{made.json()['id']}"
        done = self.owner.post(f"{path}/answer", {"outcome": "rejected", "reason": "درست است"}, headers=tag(self.owner.get(path)))
        self.assertEqual(done.status, 200, done)
        self.assertNotIn("issue_answer", self.mine(self.owner, "lapsed"))

    # ---- the board's ----

    def test_a_draft_that_does_not_come_comes_to_the_issuer(self):
        self.move(self.file, "frozen", ", frozen_at = now()")
        for name, _ in SEATS:
            answer = self.stack.client(name).post(f"{self.path}/coi-declarations", {"has_interest": False})
            self.assertEqual(answer.status, 201, answer)
        self.go("rating", "k.one")
        self.running(self.stack.client("k.one"), "draft", 28)
        self.assertNotIn("draft", self.mine(self.issuer))
        self.lapses("draft", 32, "issuer")
        self.assertIn("draft", self.mine(self.issuer, "lapsed"))
        self.assertIn("draft", self.mine(self.stack.client("k.three"), "lapsed"))
        self.assertNotIn("draft", self.mine(self.judge))

    # ---- from disclosure on ----

    def disclosed(self):
        self.move(self.file, "rating")
        for name, _ in SEATS:
            self.stack.client(name).post(f"{self.path}/coi-declarations", {"has_interest": False})
            for item, mark in ((1, "70"), (2, "4"), (3, "70")):
                put = self.stack.client(name).post(f"{self.path}/ratings", {"item_no": item, "mark": mark, "reason": "مستند"})
                self.assertIn(put.status, (200, 201), put)
            self.assertIn(self.stack.client(name).post(f"{self.path}/ratings/submit").status, (200, 201))
        draft = self.stack.client("k.three").post(f"{self.path}/drafts", {"state": "final", "families": TEXTS, "overall": "نظر"})
        self.assertEqual(draft.status, 201, draft)
        self.move(self.file, "drafted", ", marks_locked_at = now()")
        made = self.issuer.post(f"{self.path}/disclosures")
        self.assertEqual(made.status, 201, made)
        self.becomes("disclosed")
        return made

    def test_a_reply_has_fifteen_days_and_ten_more_once(self):
        made = self.disclosed()
        self.running(self.judge, "reply", 15)
        days = {row["code"]: row["days"] for row in self.owner.get("/api/v1/clocks").json()["items"]}
        first = self.due(self.judge, "reply")
        self.assertEqual(first, self.ends(self.now(), days["reply"]))
        path = f"/api/v1/disclosures/{made.json()['id']}/extension"
        longer = self.judge.post(path, headers=tag(self.judge.get(path.rsplit('/', 1)[0])))
        self.assertEqual(longer.status, 200, longer)
        self.assertTrue(self.mine(self.judge)["reply"]["extended"])
        self.running(self.judge, "reply", 25)
        self.assertEqual(self.due(self.judge, "reply"), self.ends(first, days["reply_extension"]), "ten days behind the first end")
        again = self.judge.post(path, headers=tag(self.judge.get(path.rsplit('/', 1)[0])))
        problem(self, again, 409)
        self.advance(18)
        time.sleep(3)
        self.assertEqual(self.owner.get(self.path).json()["state"], "disclosed", "the extension is not counted")
        self.lapses("reply", 12)
        self.becomes("reply_lapsed")
        late = self.judge.post(f"{self.path}/replies", {"points": ["دیر"]})
        self.assertIn(late.status, (409, 404), late)

    def issued(self):
        """The issuer signs the card of a file whose gates are passed: the clock of the appeal starts with it, by itself."""
        self.move(self.file, "gated", ", marks_locked_at = now(), disclosed_at = now()")
        self.assertEqual(self.mine(self.judge), {})
        card = self.issuer.post(f"{self.path}/report-cards", headers=tag(self.issuer.get(self.path)))
        self.assertEqual(card.status, 201, card)
        self.becomes("issued")
        return card.json()["card"]

    def appeal_days(self):
        return next(row["days"] for row in self.owner.get("/api/v1/clocks").json()["items"] if row["code"] == "appeal")

    def test_an_appeal_has_thirty_days_from_the_issue_and_then_the_result_is_final(self):
        card = self.issued()
        self.assertEqual(self.appeal_days(), 30)
        due = self.due(self.judge, "appeal")
        self.assertEqual(due, self.ends(self.now(), 30))
        said = next(remedy for remedy in card["remedies"] if remedy["code"] == "appeal")
        self.assertEqual(said["until"], due.isoformat(), "the card promises another day than the clock keeps")
        self.advance((due - self.now()).days)  # its last day
        time.sleep(3)
        self.assertEqual((self.owner.get(self.path).json()["state"], self.mine(self.judge)["appeal"]["state"]), ("issued", "open"))
        self.lapses("appeal", 1)
        self.becomes("final")
        self.assertEqual(self.mine(self.judge)["appeal"]["state"], "lapsed")
        problem(self, self.judge.post(f"{self.path}/appeals", {"grounds": "دیر"}), 409)

    def test_reading_the_result_neither_stops_nor_lengthens_the_time_of_appeal(self):
        self.issued()
        due = self.due(self.judge, "appeal")
        self.advance(5)
        read = self.judge.post(f"{self.path}/acknowledgement", {"kind": "read_but_disagree"})
        self.assertEqual(read.status, 201, read)
        self.becomes("acknowledged")
        self.assertEqual(self.due(self.judge, "appeal"), due)
        self.lapses("appeal", (due - self.now()).days + 1)
        self.becomes("final")
        problem(self, self.judge.post(f"{self.path}/appeals", {"grounds": "دیر"}), 409)

    def test_an_appeal_that_nobody_decides_comes_to_the_issuer(self):
        self.issued()
        made = self.judge.post(f"{self.path}/appeals", {"grounds": "نمره رفتار مستند نیست"})
        self.assertEqual(made.status, 201, made)
        self.becomes("appealed")
        self.seats(*APPEAL)
        self.running(self.stack.client("k.four"), "appeal_decision", 45)
        self.lapses("appeal_decision", 50, "issuer")
        self.assertIn("appeal_decision", self.mine(self.issuer, "lapsed"))
        self.assertIn("appeal_decision", self.mine(self.stack.client("k.five"), "lapsed"))

    def test_an_action_of_a_plan_is_the_judge_s_and_then_the_owner_s(self):
        self.issued()
        day = self.stack.sql("select (sanjeh.clock_now() + interval '20 days')::date")
        made = self.owner.post(f"{self.path}/plans", {"goal": "بهبود", "actions": [{"text": "دوره", "due_on": day}]})
        self.assertEqual(made.status, 201, made)
        self.running(self.judge, "plan_action", 20)
        self.lapses("plan_action", 22, "owner")
        self.assertIn("plan_action", self.mine(self.owner, "lapsed"))

    def test_a_result_expires_after_five_years(self):
        self.issued()
        self.lapses("appeal", 36)
        self.becomes("final")
        row = self.mine(self.owner, "open")["retention"]
        self.assertGreater(row["due_at"], self.stack.sql("select (sanjeh.clock_now() + interval '1820 days')::date"))
        put = self.stack.sql(f"""insert into sanjeh.verdict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, round, body_ct, key_version,
            created_by) select issuer_unit_id, gen_random_uuid(), issuer_scope_id, id, judge_id, round, decode(repeat('00', 100), 'hex'), 1, id
            from sanjeh.evaluation where id = '{self.file}'""", check=False)
        self.assertEqual(put.returncode, 0, put.stderr)
        chair = self.account("k.one")
        self.assertEqual(self.as_application(chair, "verdict"), "1", "who sat in the file reads it until it expires")
        self.lapses("retention", 1830)
        self.becomes("archived")
        self.assertEqual(self.as_application(chair, "verdict"), "0", "an expired result is still read")
        self.assertEqual(self.as_application(self.judge_id, "verdict"), "1", "it stays the judge's")

    def as_application(self, scope, table):
        """How many rows of the file the server's role reads under a genuine context of this scope."""
        return self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) is null from sanjeh.context_key k, (select 'v1.' ||
            extract(epoch from now() + interval '1 minute')::int8 || '.{scope}' as text) c; set role sanjeh_app;
            select count(*) from sanjeh.{table} where evaluation_id = '{self.file}'""").split()[-1]

    # ---- all of them, and the command line ----

    def test_zz_every_clock_of_the_catalogue_has_lapsed_here(self):
        every = {row["code"] for row in self.owner.get("/api/v1/clocks").json()["items"]}
        self.assertEqual(every - self.lapsed, set(), "a clock has no case in this file")

    def test_the_command_line_shows_a_person_s_deadlines(self):
        self.go("notified")
        rows = [json.loads(line) for line in self.sanjeh("deadlines", "--account", "k.judge", "--json").splitlines()]
        told = {row["id"]: row for row in self.judge.items("/api/v1/deadlines?mine=true")}
        self.assertEqual({row["id"] for row in rows}, set(told))
        self.assertEqual([row for row in rows if row != told[row["id"]]], [])
        table = self.sanjeh("deadlines", "--account", "k.judge", "--state", "open").splitlines()
        self.assertRegex(table[1], r"^14\d\d-\d\d-\d\d  20\d\d-\d\d-\d\d  [a-z_]+ +judge +open")
        self.assertLess(len(rows), len(self.sanjeh("deadlines", "--json").splitlines()))
        self.sanjeh("deadlines", "--account", "nobody.here", code=4)
        self.sanjeh("clock", "advance", "soon", code=2)
        ahead = json.loads(self.sanjeh("clock", "show"))["test_clock_ahead_s"]
        self.sanjeh("clock", "advance", "90m")
        self.assertEqual(json.loads(self.sanjeh("clock", "show"))["test_clock_ahead_s"], ahead + 5400)

    def test_the_clock_is_not_turned_where_it_is_no_test(self):
        before = self.owner.get("/api/v1/clocks").json()["test_clock_ahead_s"]
        env = {key: value for key, value in os.environ.items() if key != "SANJEH_EVALUATION_TEST_CLOCK"}
        for verb in ("advance", "reset"):
            done = subprocess.run([str(self.stack.build / "server/sanjeh"), "clock", verb, "--config", str(self.stack.folder / "sanjehd.conf"),
                                   *(["1d"] if verb == "advance" else [])], capture_output=True, text=True, timeout=60, env=env)
            self.assertEqual(done.returncode, 3, done.stderr)
            self.assertIn("test_clock", done.stderr)
        self.assertEqual(self.owner.get("/api/v1/clocks").json()["test_clock_ahead_s"], before)


if __name__ == "__main__":
    unittest.main()
