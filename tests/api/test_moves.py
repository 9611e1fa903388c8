# SPDX-License-Identifier: Apache-2.0
"""Every row of the table of moves is taken once by each part that it is for: over the API where a person moves, by the server's own
sweep where a clock does, in the database where only another program could. Each leaves one line of history, one version more and
nothing that can be written again. The table is read from the product: a row or a part without a case here fails the last test.

The database's owner puts one file into the state before; the deed that a guard asks for and the move itself go through the routes.
That no move is made without its guards is shown by test_guards."""

import datetime
import time
import unittest

from approval_case import correction
from board_case import TEXTS
from move_case import PART_OF, SEATS, MoveTest, tag
from stack import problem

REASON = "به علت مرخصی طولانی"
MARKS = ((1, "70"), (2, "4"), (3, "60"))
CLOCKS = {("notified", "collecting"): "challenge", ("disclosed", "reply_lapsed"): "reply", ("issued", "final"): "appeal",
          ("acknowledged", "final"): "appeal", ("final", "archived"): "retention", ("superseded", "archived"): "retention",
          ("insufficient", "archived"): "retention"}
LOCKED = ", marks_locked_at = now()"
SERVED = LOCKED + ", disclosed_at = now()"
ISSUED = SERVED + ", issued_at = now()"
GATE_KEEPERS = {"moves.pic": ("PIC", "-", "gate-keeper", "پاسخ‌دهنده حفاظت"), "moves.hrd": ("HRD", "-", "gate-keeper", "پاسخ‌دهنده اظهارنامه")}
CASES = {}


def takes(came, to, *parts):
    def keep(case):
        for part in parts:
            CASES[came, to, part] = case
        return case
    return keep


class Moves(MoveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts({name: account for name, account in GATE_KEEPERS.items() if name not in cls.stack.accounts})
        cls.taken = set()

    # ---- what is asserted of each ----

    def history(self):
        return self.owner.items(f"{self.path}/events")

    def begin(self, came, more="", suspended_from="rating"):
        """The file stands in the state before, and what it looked like then is kept."""
        self.place(came, more, suspended_from)
        self.before = len(self.history())

    def took(self, came, to, part, by, reason=None):
        read = self.owner.get(self.path)
        now = read.json()
        self.assertEqual(now["state"], to)
        self.assertEqual(now["suspended_from"], came if to == "suspended" else None)
        self.assertEqual((now["version"], read.header("ETag")), (int(self.version) + 1, f'"v{int(self.version) + 1}"'))
        rows = self.history()
        self.assertEqual(len(rows), self.before + 1, rows)
        whose = by and self.account(by)
        self.assertEqual([rows[-1][key] for key in ("no", "from", "to", "by", "reason")], [self.before + 1, came, to, whose, reason])
        self.assertEqual(rows[-1]["at"], now["state_since"])
        again = self.ask("hrd.manager", "suspended", reason=REASON)
        problem(self, again, 412, "PRECONDITION_FAILED")
        self.taken.add((came, to, part))

    def ok(self, answer):
        self.assertIn(answer.status, (200, 201), answer)
        return answer

    def by(self, name, path, body=None, headers=None):
        return self.ok(self.stack.client(name).post(path if path.startswith("/") else f"{self.path}/{path}", body, headers=headers or {}))

    def moves_to(self, name, to, **body):
        self.ok(self.ask(name, to, **body))
        return name

    def clock(self, code, days, state="open"):
        ended = "now()" if state == "lapsed" else "null"
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at, state, ended_at)
            select unit_id, gen_random_uuid(), id, '{code}', 'judge', now() - interval '99 days', now() + interval '{days} days',
            '{state}', {ended} from sanjeh.evaluation where id = '{self.file}'""")

    # ---- by a person; each returns who moved and the reason that history keeps, if there is one ----

    @takes("planned", "notified", "owner")
    def notified(self, part):
        self.stack.sql(f"delete from sanjeh.seat where evaluation_id = '{self.file}'")
        self.by("hrd.manager", "seats", {"board_id": self.board(self.cycle_id)["id"]})
        self.begin("planned")
        return self.moves_to("hrd.manager", "notified")

    @takes("collecting", "frozen", "owner")
    def frozen(self, part):
        self.place("collecting")
        made = self.by("judge.one", "/api/v1/self-assessments", {"evaluation_id": self.file, "achievements": "کاهش موجودی"})
        self.by("judge.one", f"/api/v1/self-assessments/{made.json()['id']}/submit", headers=tag(made))
        self.clock("contest", -1, "lapsed")
        self.begin("collecting", ", coverage = 95")
        return self.moves_to("hrd.manager", "frozen")

    @takes("collecting", "insufficient", "owner", "system")
    def insufficient(self, part):
        for code in ("self_assessment", "contest"):
            self.clock(code, -1, "lapsed")
        self.begin("collecting", ", coverage = 10")
        # who asks for the cut of a file with too few data gets what the system makes of it
        self.moves_to("hrd.manager", "insufficient" if part == "owner" else "frozen")
        return "hrd.manager" if part == "owner" else None

    @takes("frozen", "rating", "lead", "board")
    def rating(self, part):
        for name, _ in SEATS[:3]:
            self.by(name, "coi-declarations", {"has_interest": False})
        self.begin("frozen")
        return self.moves_to(PART_OF[part], "rating")

    def drafted(self):
        self.place("rating")
        for name, _ in SEATS[:3]:
            for item, mark in MARKS:
                self.by(name, "ratings", {"item_no": item, "mark": mark})
            self.by(name, "ratings/submit")
        self.by("board.three", "drafts", {"state": "final", "families": TEXTS, "overall": "نظر"})

    @takes("rating", "drafted", "lead")
    def marked(self, part):
        self.drafted()
        self.begin("rating")
        return self.moves_to("board.three", "drafted")

    @takes("drafted", "calibrated", "calibrator")
    def calibrated(self, part):
        self.stack.sql(f"delete from sanjeh.seat where evaluation_id = '{self.file}' and capacity in "
                       "('calibrator', 'appeal_chair', 'appeal_member')")
        board = self.board(self.cycle_id, (("board.four", "chair"), ("appeal.one", "member"), ("appeal.two", "member")), "calibration")["id"]
        self.by("hrd.manager", "seats", {"board_id": board})
        self.begin("drafted", LOCKED)
        made = self.by("board.four", "/api/v1/calibrations", {
            "cycle_id": self.cycle_id, "board_id": board, "present": [self.account("board.four"), self.account("appeal.one")]})
        self.by("board.four", f"/api/v1/calibrations/{made.json()['id']}/close", headers=tag(made))
        return self.moves_to("board.four", "calibrated")

    def disclosed(self, came):
        self.drafted()
        self.begin(came, LOCKED)
        self.by("jdpe.manager", "disclosures")
        return "jdpe.manager"

    @takes("drafted", "disclosed", "issuer")
    def disclosed_at_once(self, part):
        return self.disclosed("drafted")

    @takes("calibrated", "disclosed", "issuer")
    def disclosed_after_calibration(self, part):
        return self.disclosed("calibrated")

    def replied(self):
        self.begin("disclosed", SERVED)
        self.clock("reply", 3)
        made = self.by("judge.one", "replies", {"points": ["نکته"]})
        self.by("judge.one", f"/api/v1/replies/{made.json()['id']}/submit", headers=tag(made))
        return made.json()["id"]

    @takes("disclosed", "replied", "judge")
    def reply(self, part):
        self.replied()
        return "judge.one"

    @takes("replied", "drafted", "lead")
    def reopened(self, part):
        self.begin("replied", SERVED)
        return self.moves_to("board.one", "drafted", reason=REASON), REASON

    def verdict(self):
        self.by("board.one", "verdicts", {"items": [{"item_no": no, "outcome": "unchanged"} for no in (1, 2, 3, 4)], "narrative": "رأی"})
        return "board.one"

    @takes("replied", "decided", "lead")
    def decided_on_a_reply(self, part):
        self.drafted()
        reply = self.replied()
        self.by("board.two", f"/api/v1/replies/{reply}/points/1/answer", {"text": "بررسی شد"})
        self.begin("replied")
        return self.verdict()

    @takes("reply_lapsed", "decided", "lead")
    def decided_without_one(self, part):
        self.drafted()
        self.begin("reply_lapsed", SERVED)
        return self.verdict()

    def gates(self):
        """Every gate asked and answered."""
        self.place("decided", SERVED)
        asked = {row["id"] for row in self.by("jdpe.manager", "gates/ask", {"purpose": "report_card"}).json()["items"]}
        day = (datetime.date.today() + datetime.timedelta(days=100)).isoformat()
        for name in ("jdpd.manager", *GATE_KEEPERS):
            for gate in self.stack.client(name).items("/api/v1/gates"):
                if gate["id"] in asked:
                    self.by(name, f"/api/v1/gates/{gate['id']}/answer", {"value": "clear", "expires_on": day}, {"If-Match": f'"v{gate["version"]}"'})
                    asked.remove(gate["id"])
        self.assertEqual(asked, set(), "nobody could answer these")

    @takes("decided", "gated", "issuer")
    def gated(self, part):
        self.gates()
        self.begin("decided")
        return self.moves_to("jdpe.manager", "gated")

    def card(self):
        self.by("jdpe.manager", "report-cards", headers={"If-Match": f'"v{self.version}"'})
        return "jdpe.manager"

    @takes("gated", "issued", "issuer")
    def issued(self, part):
        self.begin("gated", SERVED)
        return self.card()

    @takes("varied", "final", "issuer")
    def varied(self, part):
        self.place("gated", SERVED)
        self.card()
        self.begin("varied", ", state_since = now()")
        return self.card()

    @takes("issued", "acknowledged", "judge")
    def acknowledged(self, part):
        self.begin("issued", ISSUED)
        self.by("judge.one", "acknowledgement", {"kind": "read_but_disagree"})
        return "judge.one"

    def appealed(self, came):
        self.begin(came, ISSUED)
        self.clock("appeal", 3)
        return self.by("judge.one", "appeals", {"grounds": "نمره رفتار مستند نیست"})

    @takes("issued", "appealed", "judge")
    def appealed_unread(self, part):
        self.appealed("issued")
        return "judge.one"

    @takes("acknowledged", "appealed", "judge")
    def appealed_after_reading(self, part):
        self.appealed("acknowledged")
        return "judge.one"

    def heard(self, outcome, **more):
        made = self.appealed("issued")
        path = f"/api/v1/appeals/{made.json()['id']}"
        for name in ("appeal.one", "appeal.two", "appeal.three"):
            self.by(name, f"{path}/votes", {"outcome": outcome, "reason": "به دلیل"})
        self.begin("appealed")
        self.by("appeal.one", f"{path}/decision", {"outcome": outcome, "reasons": "دلایل", **more}, tag(made))
        return "appeal.one", outcome

    @takes("appealed", "final", "appeal_board")
    def kept(self, part):
        return self.heard("upheld")

    @takes("appealed", "varied", "appeal_board")
    def changed(self, part):
        return self.heard("varied", changes=[{"item_no": 1, "mark": "55", "reason": "بند یکم"}])

    @takes("appealed", "rating", "appeal_board")
    def remanded(self, part):
        who = self.heard("remanded")
        self.assertEqual(self.owner.get(self.path).json()["round"], 2)
        return who

    @takes("final", "superseded", "issuer")
    def superseded(self, part):
        self.begin("final", SERVED + ", state_since = now()")
        evaluation = self.path.rstrip("/").split("/")[-1]
        self.by("jdpe.manager", "corrections", correction(self.stack, "jdpe.manager", "approver.moves", evaluation, "اشتباه در شمارش"))
        return "jdpe.manager"

    @takes("final", "archived", "owner")
    def archived(self, part):
        return self.ended("final")

    @takes("superseded", "archived", "owner")
    def archived_after_correction(self, part):
        return self.ended("superseded")

    @takes("insufficient", "archived", "owner")
    def archived_without_evidence(self, part):
        return self.ended("insufficient")

    def ended(self, came):
        self.begin(came, SERVED)
        return self.moves_to("hrd.manager", "archived")

    # ---- the tests ----

    def test_1_each_move_of_a_person(self):
        for (came, to, part), case in CASES.items():
            with self.subTest(f"{came} -> {to} by {part}"):
                self.fresh()
                said = case(self, part)
                by, reason = said if isinstance(said, tuple) else (said, None)
                self.took(came, to, part, by, reason)

    def test_2_a_file_stops_in_each_state_before_issue_and_goes_on_there(self):
        for came, to in self.moves:
            if "suspended" in (came, to):
                with self.subTest(f"{came} -> {to}"):
                    self.begin(came, suspended_from=to)
                    self.moves_to("hrd.manager", to, reason=REASON)
                    self.took(came, to, "owner", "hrd.manager", REASON)

    def test_3_each_move_of_a_clock(self):
        waiting = {}
        for (came, to), code in CLOCKS.items():
            self.fresh()
            self.begin(came)
            self.clock(code, -1)
            waiting[self.file] = (came, to, self.version, self.before)
        listed = ", ".join(f"'{file}'" for file in waiting)
        for _ in range(400):
            done = self.stack.sql(f"select count(*) from sanjeh.evaluation_event where evaluation_id in ({listed})")
            if done == str(len(waiting)):
                break
            time.sleep(0.1)
        for self.file, (came, to, self.version, self.before) in waiting.items():
            self.path = f"/api/v1/evaluations/{self.file}"
            with self.subTest(f"{came} -> {to}"):
                self.took(came, to, "system", None)
                self.assertEqual(self.stack.sql(f"select state from sanjeh.deadline where evaluation_id = '{self.file}' "
                                                f"and code = '{CLOCKS[came, to]}'"), "lapsed")

    def test_4_what_only_another_program_could_do_the_database_allows(self):
        """The end of the challenge time before the sweep sees it, by the owner; the gates by the server."""
        for came, to, part, clock in (("notified", "collecting", "owner", True), ("decided", "gated", "system", False)):
            with self.subTest(f"{came} -> {to} by {part}"):
                self.fresh()
                if to == "gated":
                    self.gates()
                self.begin(came)
                ready = f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at, state, ended_at)
                    select unit_id, gen_random_uuid(), id, 'challenge', 'judge', now() - interval '9 days', now() - interval '1 day',
                    'lapsed', now() from sanjeh.evaluation where id = '{self.file}';""" if clock else ""
                done = self.in_database(part, to, "begin; " + ready, "; commit")
                self.assertEqual(done.returncode, 0, done.stderr)
                self.took(came, to, part, None)

    def test_5_history_and_stamps_are_written_by_moves_alone(self):
        self.begin("notified")
        self.moves_to("hrd.manager", "suspended", reason=REASON)
        events, row = self.history(), self.owner.get(self.path).json()
        for verb in ("update sanjeh.evaluation_event set reason = 'x'", "delete from sanjeh.evaluation_event"):
            said = self.in_context("owner", f"{verb} where evaluation_id = '{self.file}'").stderr
            self.assertIn("permission denied for table evaluation_event", said)
        for stamp in ("notified_at", "frozen_at", "marks_locked_at", "disclosed_at", "issued_at", "appealed_at", "round"):
            value = "round + 1" if stamp == "round" else "now()"
            said = self.in_context("owner", f"update sanjeh.evaluation set {stamp} = {value} where id = '{self.file}'").stderr
            self.assertIn("stamps of an evaluation change by moves only", said, stamp)
        self.assertEqual((self.history(), self.owner.get(self.path).json()), (events, row))

    def test_6_every_row_was_taken_by_everybody_whose_it_is(self):
        every = {(came, to, part) for (came, to), (parts, _) in self.moves.items() for part in parts}
        self.assertEqual(every - self.taken, set(), "a move has no case in this file")
        self.assertEqual(self.taken - every, set())


if __name__ == "__main__":
    unittest.main()
