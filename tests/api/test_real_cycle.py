# SPDX-License-Identifier: Apache-2.0
"""The real data through the whole path, over the API alone: the 43 judges of the lawyers' survey from the import to 43 report cards and
beyond, three judges of the real workload to cards that say what they resolved, and an office of which the workload knows too little.
What stands on each card is worked out here again from the source files. `sanjeh clock` turns the evaluation's clock.

The sources say less than an evaluation wants, and that is shown as it is: of a mean of an unknown number of answers no score is made, and
of cases that were resolved, but of which nobody knows how many came in, no rate. The three members of each board give as marks what the
lawyers gave, times ten, so that 43 different results are worked out. The tests are stages: each needs the one before."""

import io
import json
import os
import pathlib
import subprocess
import tarfile
import tempfile
import time
import unittest
from decimal import ROUND_FLOOR, ROUND_HALF_UP, Decimal

import cycle_case
import demo_load
from approval_case import correction
from stack import SOURCE, Stack

SIX, TWO = Decimal("0.000001"), Decimal("0.01")
MARKS = (("quality", "45"), ("timeliness", "15"), ("development", "15"))
# of each marked criterion: whose column the chair, the member and the rapporteur give, in the first round and in the second
COLUMNS = {2: ("WRIT", "ORAL", "FAMI"), 3: ("CFMG", "DECI", "DILG"), 4: ("PREP", "PHYS", "RTEN")}
AGAIN = {2: ("WRIT", "WRIT", "FAMI"), 3: ("DECI", "DECI", "DILG"), 4: ("PREP", "PREP", "RTEN")}
BANDS = ((90, "excellent"), (80, "very_good"), (70, "good"), (50, "fair"), (0, "poor"))
YEAR = "2024-10-01/2025-09-30"
THIN = "COLUMBIA SC"  # the office with most judges
NORTH, SOUTH, BENCH = (tuple(f"{board}.{seat}" for seat in ("chair", "member", "rapporteur")) for board in ("north", "south", "bench"))
APPEAL = ("appeal.one", "appeal.two", "appeal.three")
CALIBRATION = ("calib.one", "calib.two", "calib.three")
ANSWERED, VARIED, CORRECTED, INTERESTED, AWAY = (f"HRD-{n:04}" for n in (1, 2, 3, 24, 4))
ACCOUNTS = {"real.one": ANSWERED, "real.two": VARIED, "real.three": CORRECTED}


def item(no, family, weight, code=None):
    return {"no": no, "family": family, "source": "indicator" if code else "mark", "name_fa": f"معیار {no}", "name_en": f"Item {no}",
            "weight": weight, **({"indicator_code": code} if code else {})}


def band(score):
    return next(name for least, name in BANDS if score >= least)


class RealCycle(cycle_case.CycleCase):
    ITEMS = [item(1, "conduct", "25", "INTG"), *(item(no, family, weight) for no, (family, weight) in enumerate(MARKS, 2))]
    WORK_ITEMS = [item(1, "timeliness", "15", "T01"), item(2, "timeliness", "15", "T03"), item(3, "quality", "40"), item(4, "conduct", "20"),
                  item(5, "development", "10")]
    THIN_ITEMS = [item(1, "timeliness", "20", "T01"), item(2, "timeliness", "20", "T03"), item(3, "quality", "60")]
    UNKNOWN = {1: "UNKNOWN_INPUT", 2: "UNKNOWN_INPUT"}

    @classmethod
    def setUpClass(cls):
        cls.failed, cls.kept, cls.cards, cls.received = False, {}, {}, {}
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        (cls.folder / "cards").mkdir()
        cls.ratings = {f"HRD-{number:04}": row for number, row in enumerate(demo_load.read(SOURCE / "us_judge_ratings.csv"), 1)}
        cls.work = {}
        for row in demo_load.read(SOURCE / "alj_workload_fy2025.csv"):
            cls.work.setdefault(row["judge"].upper(), []).append(row)
        busiest = sorted(cls.work, key=lambda number: (-len(cls.work[number]), number))
        cls.circuit = busiest[:3]  # heard cases in most offices
        cls.shared = max(cls.work[cls.circuit[0]], key=lambda row: int(row["dispositions"]))["office"]
        cls.thin = sorted(number for number, rows in cls.work.items() if {row["office"] for row in rows} == {THIN})
        free = [number for number in sorted(cls.work) if number not in cls.circuit and number not in cls.thin]
        cls.colleague = next(number for number in free if any(row["office"] == cls.shared for row in cls.work[number]))
        sitting = [number for number in free if number != cls.colleague]
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "sit.manager", "sc.manager", "jdpd.manager"),
                              env={"SANJEH_EVALUATION_TEST_CLOCK": "1", "SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.load()
        people = dict(zip((*NORTH, *SOUTH, "south.fourth", *APPEAL[:2], *CALIBRATION), sitting))
        cls.stack.add_accounts({name: ("SC", "-", "evaluator", f"عضو {name}", f"HRD:{number}", "person") for name, number in people.items()})
        people = {**dict(zip(BENCH, (f"HRD-{n:04}" for n in (41, 42, 43)))), "bench.colleague": cls.colleague}
        cls.stack.add_accounts({name: ("AGO", "-", "evaluator", f"عضو {name}", f"HRD:{number}", "person") for name, number in people.items()})
        cls.stack.add_accounts({APPEAL[2]: ("AGO", "-", "evaluator", "عضو تجدیدنظر"), "pic.gate": ("PIC", "-", "gate-keeper", "صیانت"),
                                "hrd.gate": ("HRD", "-", "gate-keeper", "اظهارنامه")})
        cls.stack.add_accounts({name: ("-", "-", "judge", "قاضی", f"HRD:{number}") for name, number in ACCOUNTS.items()})

    @classmethod
    def load(cls):
        """As the units would: the deputy of human resources has the register and the survey, the statistics centre the workload."""
        owner, centre = cls.stack.client("hrd.manager"), cls.stack.client("sit.manager")
        roster, means = demo_load.survey(SOURCE)
        others, facts = demo_load.alj(SOURCE)
        demo_load.send(owner, "roster", "1977", demo_load.csv_text(("personnel_number", "name"), [*roster, *others]))
        demo_load.send(owner, "survey_means", "1977", demo_load.csv_text(("judge", "criterion", "mean", "n"), means))
        demo_load.send(centre, "workload", YEAR, demo_load.csv_text(demo_load.WORKLOAD, facts))
        cls.ids = {row["personnel_number"]: row["id"] for row in owner.items("/api/v1/judges")}
        assert len(cls.ids) == 43 + len(cls.work), len(cls.ids)
        cls.numbers = {judge: number for number, judge in cls.ids.items()}

    def setUp(self):
        self.assertFalse(type(self).failed, "a stage before this one failed")
        type(self).failed = True
        self.__dict__.update(self.kept)

    def stage_done(self):
        type(self).failed = False
        type(self).kept = {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    # ---- what the stages share ----

    def advance(self, days):
        done = subprocess.run([str(self.stack.build / "server/sanjeh"), "clock", "advance", "--config", str(self.stack.folder / "sanjehd.conf"),
                               f"{days}d"], capture_output=True, text=True, timeout=60, env={**os.environ, **self.stack.env})
        self.assertEqual(done.returncode, 0, done.stderr)

    def cycle_of(self, code, period, items, judges):
        """A cycle that both have signed and that is announced and open; {personnel number: path of the file}."""
        template = self.call("owner", "templates", {"code": code, "name_fa": "الگو", "name_en": "Template", "population": "judges",
                                                    "items": items}).json()["id"]
        self.stack.publish(template)
        cycle = self.call("owner", "cycles", {
            "code": code, "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": period, "issuer": "JDP-E", "template_id": template,
            "coverage_min": 70, "population": {"judges": [self.ids[number] for number in judges]}}).json()["id"]
        for name in ("owner", "issuer"):
            self.call(name, f"cycles/{cycle}/signatures", on=f"cycles/{cycle}")
        self.cycle_to(cycle, "announced")
        self.assertEqual(self.call("owner", f"cycles/{cycle}/evaluations").json()["planned"], len(judges))
        self.cycle_to(cycle, "open")
        files = {self.numbers[row["judge_id"]]: f"evaluations/{row['id']}" for row in self.files(cycle)}
        self.assertEqual(set(files), set(judges))
        return cycle, files

    def cycle_to(self, cycle, to, status=(200,)):
        return self.call("owner", f"cycles/{cycle}/moves", {"to": to}, status, on=f"cycles/{cycle}")

    def files(self, cycle):
        return self.who("owner").items(f"/api/v1/evaluations?cycle_id={cycle}")

    def wait_for(self, cycle, wanted):
        """Until the files of the cycle are in these states, so many in each."""
        for _ in range(150):
            found = {}
            for row in self.files(cycle):
                found[row["state"]] = found.get(row["state"], 0) + 1
            if found == wanted:
                return
            time.sleep(0.1)
        self.fail(f"stays {found}, not {wanted}")

    def move_all(self, cycle, came, to):
        return self.call("owner", f"cycles/{cycle}/evaluation-moves", {"from": came, "to": to}).json()

    def panel_of(self, cycle, kind, *names):
        self.cycle = cycle
        capacities = ("chair", "member", "member" if kind != "first" else "rapporteur")
        return self.board(kind, dict(zip(names, capacities)))

    def take(self, number):
        """From here on the path is that of this judge's file; the three who rate it."""
        self.path = self.real.get(number) or self.heard.get(number) or self.poor[number]
        self.me = next((name for name, judge in ACCOUNTS.items() if judge == number), None)
        return BENCH if number in self.heard else NORTH if number in self.north else SOUTH

    def marks(self, number, columns=COLUMNS):
        """{criterion: the marks of the three}; of the workload's judges nobody said anything."""
        if number not in self.ratings:
            return {no: (Decimal(75), Decimal("82.5"), Decimal(80)) for no in (3, 4, 5)}
        return {no: tuple(10 * Decimal(self.ratings[number][name]) for name in names) for no, names in columns.items()}

    def rate_file(self, number, columns=COLUMNS):
        """Each by himself: before he submits, nobody sees another's; after two, the chair still cannot draw up a draft."""
        for seat, name in enumerate(self.take(number)):
            client = self.who(name)
            seen = client.items(f"/api/v1/{self.path}/ratings")
            self.assertEqual({row["account_id"] for row in seen} - {self.stack.accounts[name]["id"]}, set(), "another's marks are open")
            for no, given in self.marks(number, columns).items():
                put = client.post(f"/api/v1/{self.path}/ratings", {"item_no": no, "mark": str(given[seat]), "reason": "نظر وکلا"})
                self.assertIn(put.status, (200, 201), put)
            if seat == 2 and number == ANSWERED:
                self.refused(NORTH[0], "drafted")
            self.call(name, f"{self.path}/ratings/submit")

    def draft_file(self, number, overall="نظر هیأت"):
        last = self.take(number)[2]
        self.call(last, f"{self.path}/drafts", {"state": "final", "families": cycle_case.FAMILIES, "overall": overall})
        self.move(last, "drafted")

    def decide(self, number):
        chair = self.take(number)[0]
        items = [{"item_no": line["no"], "outcome": "unchanged"} for line in (self.WORK_ITEMS if number in self.heard else self.ITEMS)]
        self.call(chair, f"{self.path}/verdicts", {"items": items, "narrative": "رأی هیأت"})
        self.call("issuer", f"{self.path}/gates/ask", {"purpose": "report_card"})

    def answer_gates(self):
        for name in ("jdpd.manager", "pic.gate", "hrd.gate"):
            for gate in self.who(name).items("/api/v1/gates"):
                if gate["state"] == "asked":
                    self.call(name, f"gates/{gate['id']}/answer", {"value": "clear", "expires_on": "2027-10-01"}, on=f"gates/{gate['id']}")

    def issue_file(self, number):
        self.take(number)
        self.move("issuer", "gated")
        card = self.call("issuer", f"{self.path}/report-cards", on=self.path).json()
        self.cards.setdefault(number, []).append(card["id"])
        return card

    def state(self, number):
        self.take(number)
        return self.read("owner", self.path).json()["state"]

    # ---- figures once more, from the sources ----

    def result(self, number, marks, calibrated=None):
        """(mark of each criterion, score cut at six decimals): what has no sub-score has no part in it."""
        means = {no: (sum(given) / 3).quantize(SIX, ROUND_HALF_UP) for no, given in marks.items()}
        means.update(calibrated or {})
        weights = {line["no"]: Decimal(line["weight"]) for line in (self.ITEMS if number in self.ratings else self.WORK_ITEMS)}
        score = sum(weights[no] * mark for no, mark in means.items()) / sum(weights[no] for no in means)
        return means, score.quantize(SIX, ROUND_FLOOR), sum(weights[no] for no in means)

    def check_card(self, number, card, marks, calibrated=None):
        means, score, coverage = self.result(number, marks, calibrated)
        lines = {line["no"]: line for line in card["items"]}
        self.assertEqual(card["judge"]["personnel_number"], number)
        self.assertEqual({no: Decimal(lines[no]["mark"]) for no in means}, means, number)
        self.assertEqual({no: Decimal(lines[no]["sub_score"]) for no in means}, means, number)
        result = card["result"]
        self.assertEqual((Decimal(result["score_unrounded"]), result["score"], result["band"]["code"], result["coverage"]),
                         (score, str(score.quantize(TWO, ROUND_HALF_UP)), band(score), str(coverage.quantize(TWO))), number)
        self.assertEqual((result["sufficient"], result["interval"], result["interval_reason"]), (True, None, "NO_SHARE"))
        resolved = sum(int(row["dispositions"]) for row in self.work.get(number, ())) or None
        self.assertEqual((card["context"]["resolved"], card["context"]["filed"]), (resolved, None), number)
        # the sources report of no court as a whole, so his courts are named and have no figures
        courts = {court["code"]: {(figure["value"], figure["reason"]) for figure in court["figures"]} for court in card["context"]["courts"]}
        self.assertEqual(courts, {row["office"]: {(None, "NO_DATA")} for row in self.work.get(number, ())})
        for no in set(lines) - set(means):
            line = lines[no]
            self.assertEqual((line["sub_score"], line["mark"], line["n"]), (None, None, resolved if no == 2 else None), "a number of unknown worth counts")
            self.assertEqual((line["value"] and Decimal(line["value"]), line["reason"]),
                             (Decimal(self.ratings[number]["INTG"]), "UNKNOWN_N") if number in self.ratings else (None, self.UNKNOWN[no]), number)

    # ---- to the freeze ----

    def test_01_three_cycles_are_announced_and_the_boards_seated(self):
        self.north, self.south = sorted(self.ratings)[:22], sorted(self.ratings)[22:]
        self.year, self.real = self.cycle_of("REAL", "1977", self.ITEMS, sorted(self.ratings))
        self.fiscal, self.heard = self.cycle_of("ALJ", YEAR, self.WORK_ITEMS, self.circuit)
        self.short, self.poor = self.cycle_of("THIN", YEAR, self.THIN_ITEMS, self.thin)
        self.assertEqual((len(self.real), len(self.heard)), (43, 3))
        self.take(ANSWERED)
        self.assertEqual(self.refused("owner", "notified"), {"BOARD_NAMED"})
        self.post_colleagues()
        for cycle, names, files in ((self.year, NORTH, [self.real[number] for number in self.north]),
                                    (self.year, SOUTH, [self.real[number] for number in self.south]),
                                    (self.fiscal, BENCH, self.heard.values()), (self.short, NORTH, self.poor.values())):
            board = self.panel_of(cycle, "first", *names)
            self.call("owner", f"cycles/{cycle}/seats", {"board_id": board, "evaluations": [path.split("/")[1] for path in files]})
        for number, account in ((INTERESTED, "south.fourth"), (self.circuit[0], "bench.colleague")):
            self.take(number)
            self.call("owner", f"{self.path}/seats", {"account_id": self.stack.accounts[account]["id"], "capacity": "member"})
        for cycle, files in ((self.year, self.real), (self.fiscal, self.heard), (self.short, self.poor)):
            done = self.move_all(cycle, "planned", "notified")
            self.assertEqual((done["moved"], done["refused"]), (len(files), []))
        self.stage_done()

    def post_colleagues(self):
        """The postings that the workload tells of: a judge and another at one office in one year."""
        courts = {row["name_fa"]: row["id"] for row in self.who("sit.manager").items("/api/v1/courts")}
        for number in (self.circuit[0], self.colleague):
            self.call("owner", "postings", {"judge_id": self.ids[number], "court_id": courts[self.shared], "title": "قاضی", "from": "2024-10-01"})

    def test_02_the_clock_collects_and_what_is_known_too_little_ends(self):
        self.take(ANSWERED)
        made = self.call("judge", "self-assessments", {"evaluation_id": self.path.split("/")[1], "achievements": "رسیدگی بهنگام"}).json()["id"]
        self.call("judge", f"self-assessments/{made}/submit", on=f"self-assessments/{made}")
        challenge = self.call("judge", f"{self.path}/challenges", {"account_id": self.stack.accounts[NORTH[1]]["id"], "grounds": "اختلاف"}).json()
        self.call("owner", f"challenges/{challenge['id']}/decision", {"outcome": "rejected", "reason": "بی‌دلیل"}, on=f"challenges/{challenge['id']}")
        self.advance(12)
        for cycle, files in ((self.year, self.real), (self.fiscal, self.heard), (self.short, self.poor)):
            self.wait_for(cycle, {"collecting": len(files)})
        self.assertEqual(self.refused("owner", "frozen"), {"COMPUTED", "COVERAGE_ENOUGH"})
        self.take(AWAY)
        self.assertEqual(self.refused("owner", "frozen"), {"SELF_ASSESSMENT_DONE", "COMPUTED", "COVERAGE_ENOUGH"})
        self.advance(12)
        for cycle, files, enough in ((self.year, self.real, 43), (self.fiscal, self.heard, 3), (self.short, self.poor, 0)):
            self.cycle_to(cycle, "collecting")
            done = self.call("owner", f"cycles/{cycle}/computations").json()
            self.assertEqual((done["evaluations"], done["sufficient"]), (len(files), enough))
            self.move_when_over(cycle, len(files), enough)
        self.check_sheets()
        self.stage_done()

    def move_when_over(self, cycle, count, enough):
        """The clocks of contest and self-assessment are ended by the server's sweep, within a second or two."""
        moved = ended = 0
        for _ in range(400):
            done = self.move_all(cycle, "collecting", "frozen")
            moved, ended = moved + done["moved"], ended + done["insufficient"]
            if not done["refused"]:
                break
            time.sleep(0.1)
        self.assertEqual((moved, ended), (enough, count - enough))

    def check_sheets(self):
        """What the survey found stands in each sheet to the digit; an evaluation without enough says which number nobody knows."""
        for number, path in self.real.items():
            line = self.read("issuer", f"{path}/score").json()["sheet"]["items"][0]
            self.assertEqual((Decimal(str(line["raw"])), line["n"], line["reason"], line["sub_score"]),
                             (Decimal(self.ratings[number]["INTG"]), None, "UNKNOWN_N", None))
        for number, path in self.poor.items():
            self.assertEqual(self.state(number), "insufficient")
            sheet = self.read("issuer", f"{path}/score").json()["sheet"]
            self.assertNotIn("score", sheet)
            self.assertEqual({line["no"]: line["reason"] for line in sheet["items"][:2]}, self.UNKNOWN)
            self.assertEqual(Decimal(self.read("owner", path).json()["coverage"]), 60)

    # ---- to the marks ----

    def test_03_conflicts_found_and_declared_hold_until_the_seat_ends(self):
        self.take(self.circuit[0])
        found = self.who("owner").items(f"/api/v1/{self.path}/conflicts")
        self.assertEqual([(row["rule"], row["account_id"], row["state"]) for row in found],
                         [("SAME_BRANCH", self.stack.accounts["bench.colleague"]["id"], "open")])
        for number in (*self.real, *self.heard):
            three = self.take(number)
            for name in three:
                self.call(name, f"{self.path}/coi-declarations", {"has_interest": False})
        self.take(INTERESTED)
        self.call("south.fourth", f"{self.path}/coi-declarations", {"has_interest": True, "interests": "همسایه"})
        for number, name in ((INTERESTED, "south.fourth"), (self.circuit[0], "bench.colleague")):
            chair = self.take(number)[0]
            self.assertIn("NO_CONFLICT_OPEN", self.refused(chair, "rating"))
            self.call(name, f"{self.path}/seats/{self.stack.accounts[name]['id']}/recusal", {"reason": "تعارض منافع"})
            states = {row["state"] for row in self.who("owner").items(f"/api/v1/{self.path}/conflicts")}
            self.assertEqual(states, {"resolved"})
        for cycle in (self.year, self.fiscal):
            self.cycle_to(cycle, "frozen")
            self.cycle_to(cycle, "rating")
        for number in (*self.real, *self.heard):
            self.move(self.take(number)[0], "rating")
        self.stage_done()

    def test_04_first_marks_are_independent(self):
        for number in (*self.real, *self.heard):
            self.rate_file(number)
        for number in (*self.real, *self.heard):
            self.draft_file(number)
        self.wait_for(self.year, {"drafted": 43})
        self.stage_done()

    def test_05_a_calibration_changes_one_mark_before_everybody_s_eyes(self):
        self.take(ANSWERED)
        panel = self.panel_of(self.year, "calibration", *CALIBRATION)
        self.call("owner", f"{self.path}/seats", {"board_id": panel})
        ids = [self.stack.accounts[name]["id"] for name in CALIBRATION]
        session = self.call("calib.one", "calibrations", {"cycle_id": self.year, "board_id": panel, "present": ids}).json()["id"]
        marks = self.marks(ANSWERED)
        change = {"evaluation_id": self.path.split("/")[1], "item_no": 2, "account_id": self.stack.accounts[NORTH[1]]["id"],
                  "before": str(marks[2][1]), "after": str(marks[2][1] + 3), "reason": "یکسان‌سازی با هیأت دیگر"}
        self.call("calib.one", f"calibrations/{session}/changes", {**change, "before": "1"}, (409, 422))
        self.call("calib.one", f"calibrations/{session}/changes", change)
        self.call("calib.one", f"calibrations/{session}/close", on=f"calibrations/{session}")
        self.call(NORTH[2], f"{self.path}/drafts", {"state": "final", "families": cycle_case.FAMILIES, "overall": "پس از یکسان‌سازی"})
        self.move("calib.one", "calibrated")
        self.calibrated = {2: ((sum(marks[2]) + 3) / 3).quantize(SIX, ROUND_HALF_UP)}
        self.stage_done()

    # ---- to the card ----

    def test_06_the_file_is_served_and_one_replies(self):
        self.take(AWAY)
        self.move("owner", "suspended", reason="مرخصی طولانی")
        self.assertEqual(self.state(AWAY), "suspended")
        self.call("issuer", f"{self.path}/disclosures", None, 409)
        self.move("owner", "drafted", reason="بازگشت از مرخصی")
        self.take(ANSWERED)
        self.assertEqual(self.who("judge").items(f"/api/v1/{self.path}/drafts"), [], "the judge sees a draft before it is served")
        for number in (*self.real, *self.heard):
            self.take(number)
            self.call("issuer", f"{self.path}/disclosures")
        self.wait_for(self.year, {"disclosed": 43})
        self.take(ANSWERED)
        served = self.who("judge").items(f"/api/v1/disclosures?evaluation_id={self.path.split('/')[1]}")
        self.assertEqual(self.read("judge", f"disclosures/{served[-1]['id']}").status, 200)
        reply = self.call("judge", f"{self.path}/replies", {"points": ["نمره درستکاری در نظر نیامده است"], "statement": "توضیح"}).json()["id"]
        self.call("judge", f"replies/{reply}/submit", on=f"replies/{reply}")
        self.becomes("replied")
        self.assertEqual(self.refused(NORTH[0], "decided"), {"POINTS_ANSWERED", "VERDICT_MADE"})
        self.call(NORTH[0], f"replies/{reply}/points/1/answer", {"text": "شمار پاسخ‌دهندگان معلوم نیست"})
        self.advance(20)
        self.wait_for(self.year, {"replied": 1, "reply_lapsed": 42})
        self.wait_for(self.fiscal, {"reply_lapsed": 3})
        self.stage_done()

    def test_07_forty_six_cards_say_what_the_sources_give(self):
        for number in (*self.real, *self.heard):
            self.decide(number)
        self.take(VARIED)
        self.assertEqual(self.refused("issuer", "gated"), {"NO_GATE_ASKED"})
        self.answer_gates()
        for number in (*self.real, *self.heard):
            self.check_card(number, self.issue_file(number)["card"], self.marks(number), self.calibrated if number == ANSWERED else None)
        self.wait_for(self.year, {"issued": 43})
        self.wait_for(self.fiscal, {"issued": 3})
        self.stage_done()

    def receive(self, card):
        """Into the folder of all cards, as somebody who received them would keep them; the document."""
        bundle = self.who("issuer").get(f"/api/v1/report-cards/{card}/bundle")
        self.assertEqual(bundle.status, 200, bundle)
        with tarfile.open(fileobj=io.BytesIO(bundle.body)) as tar:
            files = {pathlib.Path(member.name).name: tar.extractfile(member).read() for member in tar.getmembers()}
        self.assertTrue(files["card.fa.pdf"].startswith(b"%PDF") and files["card.en.pdf"].startswith(b"%PDF"))
        document = json.loads(files["card.json"])
        for name in ("json", "note"):
            (self.folder / "cards" / f"{document['chain']['number']:04}.{name}").write_bytes(files[f"card.{name}"])
        (self.folder / "vkey").write_bytes(files["vkey"])
        return document

    def outsider(self):
        done = subprocess.run([str(self.stack.build / "server/sanjeh-verify"), "--card", str(self.folder / "cards"),
                               "--vkey", str(self.folder / "vkey")], capture_output=True, text=True, timeout=60)
        return done.returncode, done.stdout + done.stderr

    def verify_all(self, count):
        """Offline: every signature, and that each card names the one before it. One digit changed in one of them is found."""
        for card in (card for cards in self.cards.values() for card in cards if card not in self.received):
            self.received[card] = self.receive(card)
        self.assertEqual(sorted(card["chain"]["number"] for card in self.received.values()), list(range(1, count + 1)))
        code, said = self.outsider()
        self.assertEqual(code, 0, said)
        self.assertEqual(len(list((self.folder / "cards").iterdir())), 2 * count)
        victim = self.folder / f"cards/{count // 2:04}.json"
        kept = victim.read_bytes()
        score = json.loads(kept)["result"]["score"].encode()
        victim.write_bytes(kept.replace(b'"score":"' + score, b'"score":"' + (b"8" if score[:1] == b"9" else b"9") + score[1:], 1))
        self.assertNotEqual(victim.read_bytes(), kept)
        self.assertEqual(self.outsider()[0], 1, "an edited card verifies")
        victim.rename(self.folder / "aside")
        self.assertNotEqual(self.outsider()[0], 0, "a card that is missing is not missed")
        victim.write_bytes(kept)

    def test_08_an_outsider_verifies_all_of_them(self):
        self.verify_all(46)
        self.take(ANSWERED)
        self.assertEqual(self.who("judge").get(f"/api/v1/report-cards/{self.cards[ANSWERED][0]}/bundle").status, 200)
        self.assertEqual(self.who("real.two").get(f"/api/v1/report-cards/{self.cards[ANSWERED][0]}/bundle").status, 404)
        self.stage_done()

    # ---- beyond ----

    def test_09_an_appeal_is_remanded_and_the_second_card_follows_the_first(self):
        self.take(ANSWERED)
        self.appeal_to("remanded")
        self.becomes("rating")
        self.rate_file(ANSWERED, AGAIN)
        self.draft_file(ANSWERED, "پس از بازگشت از تجدیدنظر")
        self.call("issuer", f"{self.path}/disclosures")
        self.take(VARIED)
        self.appeal_to("varied", changes=[{"item_no": 2, "mark": "12.34", "reason": "رأی‌ها سنجیده نشده بود"}])
        self.advance(20)
        self.take(ANSWERED)
        self.becomes("reply_lapsed")
        self.decide(ANSWERED)
        self.answer_gates()
        card = self.issue_file(ANSWERED)
        self.check_card(ANSWERED, card["card"], self.marks(ANSWERED, AGAIN))
        changes = card["card"]["changes"]
        self.assertEqual((changes["cause"], changes["card_id"]), ("decided_again", self.cards[ANSWERED][0]))
        lines = {(line["what"], line["no"]): (line["before"], line["after"]) for line in changes["lines"]}
        former, latest = (self.result(ANSWERED, self.marks(ANSWERED, columns), fixed)[1].quantize(TWO, ROUND_HALF_UP)
                          for columns, fixed in ((COLUMNS, self.calibrated), (AGAIN, None)))
        self.assertEqual(lines["score", None], (str(former), str(latest)))
        self.stage_done()

    def appeal_to(self, outcome, **more):
        self.call("judge", f"{self.path}/appeals", {"grounds": "نمره‌ها مستند نیست"})
        self.becomes("appealed")
        self.call("owner", f"{self.path}/seats", {"account_id": self.stack.accounts[NORTH[0]]["id"], "capacity": "appeal_member"}, (409, 422))
        self.panel = getattr(self, "panel", None) or self.panel_of(self.year, "appeal", *APPEAL)
        self.call("owner", f"{self.path}/seats", {"board_id": self.panel})
        which = self.who(APPEAL[0]).items(f"/api/v1/appeals?evaluation_id={self.path.split('/')[1]}")[-1]["id"]
        for name in APPEAL:
            self.call(name, f"appeals/{which}/votes", {"outcome": outcome, "reason": "دلیل"})
        self.call(APPEAL[0], f"appeals/{which}/decision", {"outcome": outcome, "reasons": "به دلایل زیر", **more}, on=f"appeals/{which}")

    def replace(self, number, cause, varied=None):
        self.take(number)
        card = self.call("issuer", f"{self.path}/report-cards", on=self.path).json()
        former = self.read("issuer", f"report-cards/{self.cards[number][0]}").json()
        self.assertEqual((former["superseded_by"], card["card"]["supersedes"], card["card"]["changes"]["cause"]), (card["id"], former["id"], cause))
        self.cards[number].append(card["id"])
        self.check_card(number, card["card"], self.marks(number), varied)

    def test_10_the_others_become_final_and_every_state_was_seen(self):
        self.replace(VARIED, "varied_on_appeal", {2: Decimal("12.34")})
        self.take(ANSWERED)
        self.call("judge", f"{self.path}/acknowledgement", {"kind": "read_but_disagree", "statement": "با احترام"})
        self.becomes("acknowledged")
        self.advance(40)
        self.wait_for(self.year, {"final": 43})
        self.take(CORRECTED)
        self.call("issuer", f"{self.path}/corrections",
                  correction(self.stack, "jdpe.manager", "approver.real", self.path.split("/")[1], "متن نمره رفتار نادرست بود"))
        self.replace(CORRECTED, "correction")
        self.take(VARIED)
        self.move("owner", "archived")
        self.verify_all(49)
        seen = set()
        for number in (ANSWERED, VARIED, CORRECTED, AWAY, self.thin[0]):
            self.take(number)
            seen |= {row["from"] for row in self.who("owner").items(f"/api/v1/{self.path}/events")} | {self.state(number)}
        self.assertEqual(seen, set(self.stack.sql("select from_state from sanjeh.evaluation_move union select to_state "
                                                  "from sanjeh.evaluation_move").split()))
        self.stage_done()


if __name__ == "__main__":
    unittest.main()
