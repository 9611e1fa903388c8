# SPDX-License-Identifier: Apache-2.0
"""The figures of a card: the interval of its total worked out again, the weighted caseload or why there is none, and what changed since the
card before, in the signed JSON, in the PDF and for an outsider."""

import io
import json
import pathlib
import shutil
import subprocess
import tarfile
import tempfile
import unittest
from decimal import ROUND_HALF_UP, Decimal

import test_report_cards
from figures_case import FiguresTest, dec, shrink, six, wilson, worth
from stack import run

WEIGHTS = {"CIVIL": Decimal("1.000"), "FAMILY": Decimal("0.800")}


class CardFigures(FiguresTest):
    def two(self, value):
        return str(value.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def check_interval(self, sheet, card):
        """Each share by Wilson, drawn to the peers, by the anchors; then square and add under the weights."""
        low, high, score, weight = Decimal(0), Decimal(0), Decimal(0), Decimal(0)
        printed = {item["no"]: item for item in card["items"]}
        for line in sheet["items"]:
            own = dec(line["sub_score"])
            score += dec(line["weight"]) * own / 100
            if line["code"] == "T01":
                self.assertEqual((line["score_low"], line["score_high"]), (None, None), "a clearance rate is no share")
                continue
            ends = [shrink(end * 100, line["n"], line["peers"]["mean"]) for end in wilson(line["raw"], line["n"])]
            ends = [worth(line["anchors"], end) for end in ends]
            self.assertEqual([dec(line["score_low"]), dec(line["score_high"])], ends, line["code"])
            self.assertEqual([Decimal(printed[line["no"]][name]) for name in ("sub_score_low", "sub_score_high")], ends)
            self.assertTrue(ends[0] < own < ends[1], line)
            low += (dec(line["weight"]) * (own - ends[0])) ** 2
            high += (dec(line["weight"]) * (ends[1] - own)) ** 2
            weight += dec(line["weight"])
        low, high = score - low.sqrt() / 100, min(score + high.sqrt() / 100, Decimal(100))
        total = sheet["indicators"]
        self.assertEqual((dec(total["interval"]["low"]), dec(total["interval"]["high"]), dec(total["interval"]["weight"])),
                         (six(low), six(high), weight))
        self.assertEqual(card["result"]["interval"], {"low": self.two(low), "high": self.two(high), "weight": self.two(weight)})
        self.assertIsNone(card["result"]["interval_reason"])
        self.assertEqual(weight, 80)

    def unpack(self, card, folder):
        bundle = self.judge.get(f"/api/v1/report-cards/{card['id']}/bundle")
        self.assertEqual(bundle.status, 200, bundle)
        with tarfile.open(fileobj=io.BytesIO(bundle.body)) as tar:
            tar.extractall(folder)
        return pathlib.Path(folder)

    def verify(self, at):
        return run(self.stack.build / "server/sanjeh-verify", "--card", at / "card.json", "--note", at / "card.note", "--vkey", at / "vkey",
                   check=False).returncode

    def test_a_card_says_its_interval_its_load_and_what_changed(self):
        file, sheet, resolved = self.computed(1366, 12)
        first = self.issue(file)
        card = first["card"]
        self.check_interval(sheet, card)
        incoming = 150 + 10 + 5 - 5
        self.assertEqual((Decimal(card["context"]["weighted_caseload"]), card["context"]["weighted_caseload_reason"]),
                         (sum(weight * incoming for weight in WEIGHTS.values()), None))
        self.assertEqual(card["context"]["resolved"], resolved[self.numbers[self.judge_id]])
        before = card["changes"]
        self.assertTrue(before is None or before["cause"] == "following", before)

        file, sheet, _ = self.computed(1367, 12, case_types=("",))
        second = self.issue(file)
        self.check_changes(first, second)
        self.assertEqual((second["card"]["context"]["weighted_caseload"], second["card"]["context"]["weighted_caseload_reason"]),
                         (None, "NO_CASE_TYPES"))
        third = self.issue(test_report_cards.ReportCards.gated(self))["card"]
        self.assertEqual((third["context"]["weighted_caseload"], third["context"]["weighted_caseload_reason"]), (None, "NO_DATA"))
        self.assertEqual((third["result"]["interval"], third["result"]["interval_reason"]), (None, "INSUFFICIENT"))
        self.assertEqual({item["peers_reason"] for item in third["items"]}, {"NOT_COMPARED"})
        # another template: the criteria are not compared one by one
        self.assertEqual({line["what"] for line in third["changes"]["lines"]} & {"mark", "sub_score", "criterion_added"}, set())
        self.assertIn("template", {line["what"] for line in third["changes"]["lines"]})

    def check_changes(self, first, second):
        changes, old, new = second["card"]["changes"], first["card"], second["card"]
        self.assertEqual((changes["cause"], changes["card_id"], changes["number"], changes["sha256"]),
                         ("following", first["id"], first["number"], first["sha256"]))
        lines = {(line["what"], line["no"]): (line["before"], line["after"]) for line in changes["lines"]}
        self.assertEqual(len(lines), len(changes["lines"]), "a difference is told twice")
        expected = {("cycle", None): (old["cycle"]["code"], new["cycle"]["code"]),
                    ("edition", None): (str(old["criteria"]["edition"]), str(new["criteria"]["edition"])),
                    ("data_cut", None): (old["cycle"]["data_cut"], new["cycle"]["data_cut"]),
                    ("score", None): (old["result"]["score"], new["result"]["score"])}
        text = {name: (lambda item, name=name: item[name] if item[name] is None else str(item[name]))
                for name in ("weight", "value", "n", "sub_score", "mark", "reason")}
        for was, now in zip(old["items"], new["items"]):
            expected.update({(name, now["no"]): (get(was), get(now)) for name, get in text.items()})
        expected = {key: pair for key, pair in expected.items() if pair[0] != pair[1]}
        self.assertEqual(lines, expected)
        self.assertIn(("n", 3), lines, "one type of cases has half of the cases of two")
        named = next(line for line in changes["lines"] if line["no"] == 3)
        self.assertEqual((named["name_fa"], named["name_en"]), ("معیار T01", "Criterion T01"))
        with tempfile.TemporaryDirectory() as folder:
            at = self.unpack(second, folder)
            self.assertEqual(self.verify(at), 0)
            signed = (at / "card.json").read_bytes()
            self.assertEqual(json.loads(signed)["changes"], changes)
            self.check_paper(at, changes, lines)
            (at / "card.json").write_bytes(signed.replace(b'"cause":"following"', b'"cause":"correction"'))
            self.assertEqual(self.verify(at), 1, "changed changes verify")

    def check_paper(self, at, changes, lines):
        self.assertTrue(shutil.which("pdftotext"), "poppler-utils is needed")
        done = subprocess.run(["pdftotext", "-layout", at / "card.en.pdf", "-"], capture_output=True, text=True, check=True)
        text = " ".join(done.stdout.split())
        self.assertIn("What changed since the former card", text)
        self.assertIn(f"number {changes['number']}, The card of an earlier cycle", text)
        before, after = lines[("n", 3)]
        self.assertIn(f"was {before}, is now {after}", text)
        self.assertIn("types of cases are not recorded", text)
        self.assertIn("of 80.00 percent of the weight", text)


if __name__ == "__main__":
    unittest.main()
