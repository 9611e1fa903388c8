# SPDX-License-Identifier: Apache-2.0
"""Figures of courts (level C) from the courts' own workload: CEPEJ's published ones to two decimals, the edges, coverage and hash; kept as
indicator values of the process owner, shown on sheet and card as working conditions, and read by no score."""

import hashlib
import shutil
import subprocess
import tempfile
import unittest
from decimal import ROUND_HALF_UP, Decimal

import demo_load
import test_card_figures
from figures_case import FiguresTest
from stack import SOURCE, problem

HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end,case_type\n"
PUBLISHED = {"T01": "clearance_rate_pct", "T03": "disposition_time_days", "T09": "pending_change_pct"}
COUNTS = ("pending_start", "incoming", "resolved", "pending_end", "days")
PERIODS = {1368: "1368", 1369: "1369"}
TWO = Decimal("0.01")


def two(value):
    return Decimal(value).quantize(TWO, ROUND_HALF_UP)


class CourtFigures(FiguresTest):
    def workload(self, year, rows, name="sit.manager", status=201):
        answer = self.stack.client(name).post("/api/v1/contributions", {"kind": "workload", "format": "csv", "period": str(year),
                                                                       "data": HEAD + "".join(row + "\n" for row in rows)})
        self.assertEqual(answer.status, status, answer)
        return answer

    def file_of(self, year):
        """(cycle, a collecting file of the judge)"""
        cycle = self.cycle_of(year)
        return cycle, self.evaluation(cycle, "collecting", self.judge_id)

    def compute(self, cycle):
        done = self.owner.post(f"/api/v1/cycles/{cycle}/computations")
        self.assertEqual(done.status, 201, done)

    def sheet(self, file):
        answer = self.issuer.get(f"/api/v1/evaluations/{file}/score")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["sheet"]

    def courts(self, file):
        return {court["code"]: court for court in self.sheet(file)["courts"]}

    def kept(self, court):
        rows = self.owner.items(f"/api/v1/indicator-values?court_id={court['court_id']}")
        self.assertEqual(len({row["indicator"] for row in rows}), len(rows), "two values of one figure are in force")
        return {row["indicator"]: row for row in rows}

    def me(self):
        return self.numbers[self.judge_id]

    def hash_of(self, code, period, counts):
        lines = [f"{code}/1", period, *(f"{name}={'' if counts.get(name) is None else counts[name]}" for name in COUNTS)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    def test_1_the_published_figures_to_two_decimals(self):
        year, table = 1368, demo_load.read(SOURCE / "cepej_court_table.csv")
        own = self.me()
        self.workload(year, [f"{own},CC-{n},{year},,,,,,{10 + n},," for n in range(1, 8)])
        cycle, file = self.file_of(year)
        self.compute(cycle)
        before = self.sheet(file)
        self.assertEqual({court["code"]: {figure["reason"] for figure in court["figures"]} for court in before["courts"]},
                         {f"CC-{n}": {"NO_DATA"} for n in range(1, 8)}, "the rows of its judges are not the court's")
        self.workload(year, [f",CC-{n},{year},{row['pending_start']},{row['filed']},{row['returned']},,,{row['resolved']},{row['pending_end']},"
                             for n, row in enumerate(table, 1)])
        self.compute(cycle)
        found = self.courts(file)
        self.assertEqual(set(found), {f"CC-{n}" for n in range(1, 8)})
        for n, row in enumerate(table, 1):
            court = found[f"CC-{n}"]
            figures = {figure["code"]: figure for figure in court["figures"]}
            counts = {"pending_start": row["pending_start"], "incoming": int(row["filed"]) + int(row["returned"]), "resolved": row["resolved"],
                      "pending_end": row["pending_end"], "days": 365}
            for code, column in PUBLISHED.items():
                self.assertEqual(two(figures[code]["value"]), Decimal(row[column]), (n, code))
            self.assertEqual(two(figures["T02"]["value"]), two(Decimal(row["resolved"]) / Decimal(row["pending_end"])))
            self.assertEqual((court["coverage"], court["incoming"], court["resolved"]),
                             ("100.00", counts["incoming"], int(row["resolved"])))
            self.assertEqual({code: figure["n"] for code, figure in figures.items()},
                             {"T01": counts["incoming"], "T02": int(row["pending_end"]), "T03": int(row["resolved"]),
                              "T09": int(row["pending_start"])})
            kept = self.kept(court)
            for code in ("T01", "T02", "T03", "T09"):
                value = kept[code]
                self.assertEqual(figures[code]["inputs_sha256"], self.hash_of(code, PERIODS[year], counts))
                self.assertEqual((Decimal(str(value["value"])), value["n"], value["coverage"], value["judge_id"], value["period"],
                                  value["inputs_sha256"], value["method_version"], value["level"]),
                                 (Decimal(figures[code]["value"]), figures[code]["n"], 100, None, PERIODS[year], figures[code]["inputs_sha256"],
                                  f"{code}/1", "J/C" if code in ("T01", "T03") else "C"))
                run = self.owner.get(f"/api/v1/contributions/{value['contribution_id']}").json()
                self.assertEqual((run["kind"], run["rows_ok"]), ("court_figures", 28))
        after = self.sheet(file)
        self.assertEqual([line for line in after["items"]], [line for line in before["items"]], "a court's figures moved a judge's lines")
        self.compute(cycle)
        self.kept(found["CC-1"])
        self.assertNotIn("CC-", self.stack.sql("select string_agg(c.code, ',') from sanjeh.indicator_value v join sanjeh.court c on c.id = "
                                               "v.court_id where v.judge_id is not null and v.coverage is not null"))

    def test_2_edges_have_reasons_and_no_numbers(self):
        year, own = 1369, self.me()
        edges = {"CE-1": ("100,0,0,0,0,50,50", {"T01": "NO_INCOMING_CASES"}), "CE-2": ("100,20,0,0,0,0,120", {"T03": "NO_RESOLVED_CASES"}),
                 "CE-3": ("0,20,0,0,0,5,15", {"T09": "NO_PENDING_START"}), "CE-4": ("10,20,0,0,0,30,0", {"T02": "NO_PENDING_CASES"}),
                 "CE-5": (",,,,,40,", {code: "UNKNOWN_INPUT" for code in ("T01", "T02", "T03", "T09")})}
        self.workload(year, [f"{own},{code},{year},,,,,,1,," for code in (*edges, "CE-6", "CE-7", "CE-8")])
        self.workload(year, [f",{code},{year},{counts}," for code, (counts, _) in edges.items()])
        refused = problem(self, self.workload(year, [f",CE-6,{year},100,10,0,0,20,50,40,"], status=422), 422, "ROWS_REJECTED")
        self.assertEqual([fault["code"] for fault in refused["errors"]], ["NEGATIVE_INCOMING"])
        self.workload(year, [f",CE-6,1369-01,100,10,2,1,3,20,90,", f",CE-6,1369-02,90,30,0,0,0,60,60,"])  # 62 of 365 days
        self.workload(year, [f",CE-7,{year},10,20,0,0,0,10,20,"])
        self.workload(year, [f",CE-7,{year},10,20,0,0,0,10,20,"], name="hrd.contributor")
        self.workload(year, [f",CE-8,{year},10,20,0,0,0,10,20,", f",CE-8,1369-03,10,20,0,0,0,10,20,"])
        cycle, file = self.file_of(year)
        self.compute(cycle)
        found = self.courts(file)
        for code, (_, reasons) in edges.items():
            figures = {figure["code"]: figure for figure in found[code]["figures"]}
            self.assertEqual({name: figure["reason"] for name, figure in figures.items() if figure["reason"]}, reasons, code)
            for name, figure in figures.items():
                self.assertEqual(figure["value"] is None, name in reasons, (code, figure))
            kept = {name: row for name, row in self.kept(found[code]).items() if row["period"] == PERIODS[year]}
            wanted = {name for name in figures if reasons.get(name) != "UNKNOWN_INPUT"}
            self.assertEqual({name: row["reason"] for name, row in kept.items()}, {name: reasons.get(name) for name in wanted}, code)
        part = {figure["code"]: figure for figure in found["CE-6"]["figures"]}
        # 10 + 2 + 1 - 3 and 30 came in; 80 resolved of 40; 60 left after 62 days, of 100 at first
        self.assertEqual((found["CE-6"]["coverage"], found["CE-6"]["incoming"]), (str(two(Decimal(6200) / 365)), 40))
        self.assertEqual({code: Decimal(figure["value"]) for code, figure in part.items()},
                         {"T01": Decimal(200), "T02": Decimal("1.333333"), "T03": Decimal("46.5"), "T09": Decimal(-40)})
        for code, reason in (("CE-7", "SEVERAL_SOURCES"), ("CE-8", "OVERLAPPING_FACTS")):
            self.assertEqual({(figure["value"], figure["reason"]) for figure in found[code]["figures"]}, {(None, reason)}, code)
        self.reports_and_card(year, cycle, file)

    def reports_and_card(self, year, cycle, file):
        """What units report about a court stands beside; the card carries all of it, signed, and says that it is not the judge's."""
        rows = "court,indicator,value,n\nCE-6,S07,81.5,40\nCE-6,S08,90,3\n"
        sent = self.owner.post("/api/v1/contributions", {"kind": "measures", "format": "csv", "period": str(year), "data": rows})
        self.assertEqual(sent.status, 201, sent)
        before = self.sheet(file)
        self.compute(cycle)
        sheet = self.sheet(file)
        self.assertEqual((sheet["items"], sheet["coverage"]), (before["items"], before["coverage"]))
        reported = self.courts(file)["CE-6"]["reported"]
        self.assertEqual([(row["code"], row["value"], row["n"], row["reason"]) for row in reported],
                         [("S07", "81.5", 40, None), ("S08", None, 3, "BELOW_MIN_N")], "a share of three answers is shown")
        self.move(file, "gated", ", frozen_at = now(), marks_locked_at = now(), disclosed_at = now()")
        card = self.issue(file)
        on_card = {court["code"]: court for court in card["card"]["context"]["courts"]}
        self.assertEqual(set(on_card), set(self.courts(file)))
        for code, court in self.courts(file).items():
            self.assertEqual(on_card[code], {name: value for name, value in court.items() if name != "court_id"})
        with tempfile.TemporaryDirectory() as folder:
            at = test_card_figures.CardFigures.unpack(self, card, folder)
            self.assertEqual(test_card_figures.CardFigures.verify(self, at), 0)
            signed = (at / "card.json").read_bytes()
            (at / "card.json").write_bytes(signed.replace(b'"value":"46.5"', b'"value":"45.5"'))
            self.assertEqual(test_card_figures.CardFigures.verify(self, at), 1, "a court's figure that was changed verifies")
            (at / "card.json").write_bytes(signed)
            self.assertTrue(shutil.which("pdftotext"), "poppler-utils is needed")
            text = " ".join(subprocess.run(["pdftotext", "-layout", at / "card.en.pdf", "-"], capture_output=True, text=True,
                                           check=True).stdout.split())
        for said in ("its figures are in no score", "Disposition time of the court (days)", "46.5", "Indicator S07 of the court", "81.5"):
            self.assertIn(said, text)


if __name__ == "__main__":
    unittest.main()
