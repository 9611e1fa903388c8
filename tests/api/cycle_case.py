# SPDX-License-Identifier: Apache-2.0
"""What tests share that walk a cycle over the API from the template to the report card: each part is one stage of one evaluation.
Only the evaluation's clock is turned by hand."""

import io
import json
import pathlib
import subprocess
import tarfile
import tempfile
import time
import unittest

from stack import Stack, problem

MARKS = [("quality", "اتقان رأی", "Soundness", "30"), ("conduct", "رفتار", "Conduct", "25"), ("development", "آموزش", "Development", "15")]
ITEMS = [{"no": 1, "family": "timeliness", "source": "indicator", "indicator_code": "T01", "name_fa": "نرخ رسیدگی",
          "name_en": "Clearance rate", "weight": "30"}] + [
    {"no": n, "family": family, "source": "mark", "name_fa": fa, "name_en": en, "weight": weight}
    for n, (family, fa, en, weight) in enumerate(MARKS, 2)]
ROSTER = "personnel_number,name\n" + "".join(f"F-{n:03},قاضی {name} نمونه\n" for n, name in
                                             ((1, "سهراب"), (2, "بهرام"), *((k, "نمونه") for k in range(3, 7)), *((30 + k, "عضو") for k in range(1, 10))))
WORKLOAD = ("judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"
            "F-001,شعبه ۱,1404,240,265,7,0,0,329,183\nF-002,شعبه ۲,1404,862,589,18,0,0,519,950\n")
FAMILIES = {family: f"شرح {family}" for family in ("quality", "timeliness", "conduct", "development")}
BOARD = {"board.one": "chair", "board.two": "member", "board.three": "rapporteur", "board.four": "member"}


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class CycleCase(unittest.TestCase):
    CODE = "FULL"
    ITEMS = ITEMS
    WORKLOAD = WORKLOAD
    JUDGES = {"full.judge": "F-001"}  # account of each judge whose evaluation is walked
    OTHERS = ("F-002",)  # evaluated too, and left alone
    me = "full.judge"

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "sit.manager", "sc.manager", "jdpd.manager", "security.officer"))
        cls.addClassCleanup(cls.stack.destroy)
        owner = cls.stack.client("hrd.manager")
        for client, kind, data in ((owner, "roster", ROSTER), (cls.stack.client("sit.manager"), "workload", cls.WORKLOAD)):
            sent = client.post("/api/v1/contributions", {"kind": kind, "format": "csv", "period": "1404", "data": data})
            assert sent.status == 201, sent
        cls.judges = {row["personnel_number"]: row["id"] for row in owner.items("/api/v1/judges")}
        people = [*BOARD, "calib.one", "calib.two", "calib.three", "appeal.one", "appeal.two"]
        cls.stack.add_accounts({name: ("SC", "-", "evaluator", f"عضو {n}", f"HRD:F-{30 + n:03}", "person")
                                for n, name in enumerate(people, 1)})
        cls.stack.add_accounts({name: ("AGO", "-", "evaluator", f"عضو {name}") for name in ("appeal.three",)})
        cls.stack.add_accounts({name: ("-", "-", "judge", "قاضی", f"HRD:{number}") for name, number in cls.JUDGES.items()})
        cls.stack.add_accounts({"pic.gate": ("PIC", "-", "gate-keeper", "صیانت"),
                                "hrd.gate": ("HRD", "-", "gate-keeper", "اظهارنامه")})

    def who(self, name):
        return self.stack.client({"owner": "hrd.manager", "issuer": "jdpe.manager", "judge": self.me}.get(name, name))

    def call(self, name, path, body=None, status=(200, 201), on=None):
        """POST as somebody; on: the object whose ETag goes along, None: none is needed."""
        client = self.who(name)
        headers = tag(self.read(name, on)) if on else {}
        answer = client.post("/api/v1/" + path, body, headers=headers)
        self.assertIn(answer.status, status if isinstance(status, tuple) else (status,), f"{name} {path}: {answer}")
        return answer

    def read(self, name, path):
        answer = self.who(name).get("/api/v1/" + path)
        self.assertEqual(answer.status, 200, f"{name} {path}: {answer}")
        return answer

    def move(self, name, to, status=(200,), reason=None):
        return self.call(name, f"{self.path}/moves", {"to": to, **({"reason": reason} if reason else {})}, status, on=self.path)

    def refused(self, name, to):
        """The move is refused now, and the answer says which guards are unmet."""
        answer = self.move(name, to, status=(409,))
        document = problem(self, answer, 409, "GUARD_UNMET")
        self.assertTrue(document["errors"], document)
        return {error["code"] for error in document["errors"]}

    def advance(self, days):
        self.stack.sql("insert into sanjeh.test_clock (ahead) values (interval '%d days') on conflict (only_row) do update "
                       "set ahead = sanjeh.test_clock.ahead + excluded.ahead" % days)

    def becomes(self, state):
        for _ in range(400):
            found = self.read("owner", self.path).json()
            if found["state"] == state:
                return
            time.sleep(0.1)
        self.fail(f"stays {found['state']}: {found['next']}")

    def board(self, kind, members):
        ids = {name: account["id"] for name, account in self.stack.accounts.items()}
        return self.call("owner", "boards", {"cycle_id": self.cycle, "name": "هیأت", "kind": kind, "members": [
            {"account_id": ids[name], "capacity": capacity} for name, capacity in members.items()]}).json()["id"]

    # ---- the parts ----

    def prepare(self):
        template = self.call("owner", "templates", {"code": self.CODE, "name_fa": "الگو", "name_en": "Template", "population": "judges",
                                                    "items": self.ITEMS}).json()["id"]
        self.stack.publish(template)
        self.cycle = self.call("owner", "cycles", {
            "code": self.CODE, "name_fa": "دوره ۱۴۰۴", "name_en": "Cycle 1404", "kind": "annual", "period": "1404", "issuer": "JDP-E",
            "template_id": template, "population": {"judges": [self.judges[n] for n in (*self.JUDGES.values(), *self.OTHERS)]}}).json()["id"]
        at = f"cycles/{self.cycle}"
        for name in ("owner", "issuer"):
            self.call(name, f"{at}/signatures", on=at)
        self.call("owner", f"{at}/moves", {"to": "announced"}, on=at)
        self.call("owner", f"{at}/evaluations")
        self.call("owner", f"{at}/moves", {"to": "open"}, on=at)
        rows = self.who("owner").items(f"/api/v1/evaluations?cycle_id={self.cycle}")
        numbers = {self.judges[number]: name for name, number in self.JUDGES.items()}
        self.paths = {numbers[row["judge_id"]]: f"evaluations/{row['id']}" for row in rows if row["judge_id"] in numbers}
        self.on(next(iter(self.JUDGES)))

    def on(self, judge):
        """From here on "judge" and the path are his."""
        self.me, self.path = judge, self.paths[judge]

    def collect(self):
        self.refused("owner", "notified")
        first = self.board("first", BOARD)
        self.call("owner", f"{self.path}/seats", {"board_id": first})
        self.move("owner", "notified")
        four = self.stack.accounts["board.four"]["id"]
        challenge = self.call("judge", f"{self.path}/challenges", {"account_id": four, "grounds": "سابقه اختلاف"}).json()["id"]
        assessment = self.call("judge", "self-assessments", {"evaluation_id": self.path.split("/")[1], "achievements": "کاهش موجودی"})
        which = assessment.json()["id"]
        self.call("judge", f"self-assessments/{which}/submit", on=f"self-assessments/{which}")
        self.advance(12)
        self.refused("owner", "collecting")
        self.call("board.four", f"challenges/{challenge}/decision", {"outcome": "rejected", "reason": "خودم"}, (403, 404, 409, 428))
        self.call("owner", f"challenges/{challenge}/decision", {"outcome": "rejected", "reason": "بی‌دلیل"}, on=f"challenges/{challenge}")
        self.becomes("collecting")
        self.call("board.four", f"{self.path}/seats/{four}/recusal", {"reason": "آشنایی"})
        self.refused("owner", "frozen")
        self.gathered()
        self.advance(12)
        time.sleep(3)
        at = f"cycles/{self.cycle}"
        self.call("owner", f"{at}/moves", {"to": "collecting"}, on=at)
        self.call("owner", f"{at}/computations")
        self.move("owner", "frozen")

    def gathered(self):
        """For tests that put more into the file before it is frozen."""

    def rate(self, marks):
        for name in ("board.one", "board.two", "board.three"):
            for item in (2, 3, 4):
                mine = self.who(name).items(f"/api/v1/{self.path}/ratings")
                self.assertFalse([row for row in mine if row["account_id"] != self.stack.accounts[name]["id"]],
                                 "a member sees another's mark before all have submitted")
                put = self.who(name).post(f"/api/v1/{self.path}/ratings", {"item_no": item, "mark": marks[name], "reason": "مستند"})
                self.assertIn(put.status, (200, 201), put)
            self.refused("board.one", "drafted")
            self.call(name, f"{self.path}/ratings/submit")

    def draft(self, overall="نظر کلی"):
        self.call("board.three", f"{self.path}/drafts", {"state": "final", "families": FAMILIES, "overall": overall, "minority": "نظر اقلیت"})
        self.move("board.three", "drafted")

    def judge_in_rating(self):
        self.refused("board.one", "rating")
        for name in ("board.one", "board.two", "board.three"):
            self.call(name, f"{self.path}/coi-declarations", {"has_interest": False})
        self.move("board.one", "rating")
        self.rate({"board.one": "80", "board.two": "72.5", "board.three": "85"})
        self.draft()

    def calibrate(self):
        panel = self.board("calibration", {"calib.one": "chair", "calib.two": "member", "calib.three": "member"})
        self.call("owner", f"{self.path}/seats", {"board_id": panel})
        ids = [self.stack.accounts[name]["id"] for name in ("calib.one", "calib.two", "calib.three")]
        session = self.call("calib.one", "calibrations", {"cycle_id": self.cycle, "board_id": panel, "present": ids}).json()["id"]
        self.call("calib.one", f"calibrations/{session}/changes", {
            "evaluation_id": self.path.split("/")[1], "item_no": 3, "account_id": self.stack.accounts["board.two"]["id"],
            "before": "72.5", "after": "76", "reason": "یکسان‌سازی با هیأت دیگر"})
        self.call("calib.one", f"calibrations/{session}/close", on=f"calibrations/{session}")
        self.call("board.three", f"{self.path}/drafts", {"state": "final", "families": FAMILIES, "overall": "پس از یکسان‌سازی"})
        self.move("calib.one", "calibrated")

    def disclose_and_reply(self):
        self.assertEqual(self.who("judge").items(f"/api/v1/{self.path}/drafts"), [], "the judge sees a draft before it is served")
        self.call("issuer", f"{self.path}/disclosures")
        self.becomes("disclosed")
        served = self.who("judge").items(f"/api/v1/disclosures?evaluation_id={self.path.split('/')[1]}")
        self.assertEqual(self.read("judge", f"disclosures/{served[-1]['id']}").status, 200)
        reply = self.call("judge", f"{self.path}/replies", {"points": ["وقفه به علت انتقال بود", "نمره رفتار"], "statement": "توضیح"}).json()["id"]
        self.call("judge", f"replies/{reply}/submit", on=f"replies/{reply}")
        self.becomes("replied")
        self.refused("board.one", "decided")
        for no in (1, 2):
            self.call("board.one", f"replies/{reply}/points/{no}/answer", {"text": "بررسی شد"})

    def decide_and_gate(self, minority=None):
        items = [{"item_no": item["no"], "outcome": "unchanged"} for item in self.ITEMS]
        self.call("board.one", f"{self.path}/verdicts", {"items": items, "narrative": "رأی هیأت", "minority_opinion": minority})
        self.becomes("decided")
        self.call("issuer", f"{self.path}/gates/ask", {"purpose": "report_card"})
        self.refused("issuer", "gated")
        for name in ("jdpd.manager", "pic.gate", "hrd.gate"):
            for gate in self.who(name).items("/api/v1/gates"):
                if gate["state"] != "asked":
                    continue
                self.call(name, f"gates/{gate['id']}/answer", {"value": "clear", "expires_on": "2027-06-01"}, on=f"gates/{gate['id']}")
        self.move("issuer", "gated")

    def issue(self):
        self.refused("issuer", "issued")
        card = self.call("issuer", f"{self.path}/report-cards", on=self.path).json()["id"]
        self.becomes("issued")
        return card

    def verify(self, card):
        bundle = self.who("judge").get(f"/api/v1/report-cards/{card}/bundle")
        self.assertEqual(bundle.status, 200, bundle)
        with tempfile.TemporaryDirectory() as folder, tarfile.open(fileobj=io.BytesIO(bundle.body)) as tar:
            tar.extractall(folder)
            at = next(pathlib.Path(folder).rglob("card.json")).parent
            tool = [str(self.stack.build / "server/sanjeh-verify"), "--card", str(at / "card.json"), "--note", str(at / "card.note"),
                    "--vkey", str(at / "vkey")]
            done = subprocess.run(tool, capture_output=True, text=True, timeout=60)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            document = json.loads((at / "card.json").read_text())
            (at / "card.json").write_bytes((at / "card.json").read_bytes().replace(b"1404", b"1403", 1))
            self.assertEqual(subprocess.run(tool, capture_output=True, timeout=60).returncode, 1, "an edited card verifies")
            for language in ("fa", "en"):
                self.assertTrue((at / f"card.{language}.pdf").read_bytes().startswith(b"%PDF"))
        return document

    def printed(self, card):
        """What an outsider reads in the English sheet of a card."""
        sheet = self.who("judge").get(f"/api/v1/report-cards/{card}/pdf?lang=en")
        self.assertEqual(sheet.status, 200, sheet)
        done = subprocess.run(["pdftotext", "-layout", "-", "-"], input=sheet.body, capture_output=True, check=True)
        return " ".join(done.stdout.decode().split())

    def heard(self, votes):
        """An appeal that everybody has voted on; its id. votes: outcome of each, or one for all."""
        self.call("judge", f"{self.path}/appeals", {"grounds": "نمره رفتار مستند نیست"})
        self.becomes("appealed")
        first = {"account_id": self.stack.accounts["board.one"]["id"], "capacity": "appeal_member"}
        self.call("owner", f"{self.path}/seats", first, (409, 422))
        self.panel = getattr(self, "panel", None) or self.board("appeal", {
            "appeal.one": "chair", "appeal.two": "member", "appeal.three": "member"})
        answer = self.who("owner").post(f"/api/v1/{self.path}/seats", {"board_id": self.panel})
        self.assertIn(answer.status, (200, 201), answer)
        which = self.who("appeal.one").items(f"/api/v1/appeals?evaluation_id={self.path.split('/')[1]}")[-1]["id"]
        for name in ("appeal.one", "appeal.two", "appeal.three"):
            outcome = votes if isinstance(votes, str) else votes[name]
            self.call(name, f"appeals/{which}/votes", {"outcome": outcome, "reason": "دلیل"})
        return which

    def conclude(self, which, outcome, status=(200, 201), **more):
        return self.call("appeal.one", f"appeals/{which}/decision", {"outcome": outcome, "reasons": "رسیدگی دوباره لازم است", **more}, status,
                         on=f"appeals/{which}")

    def appeal(self, outcome, **more):
        self.conclude(self.heard(outcome), outcome, **more)
