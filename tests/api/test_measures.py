# SPDX-License-Identifier: Apache-2.0
"""Reported indicators: each unit sends those that the catalogue gives it, about judges or about courts as their level has it, and nobody
another's. Every indicator of the catalogue has a way into the product, and docs/INDICATORS.md says which."""

import pathlib
import unittest

from stack import ROOT, SharedTest, problem

HEAD = "judge,indicator,value,n\n"
COURTS = "court,indicator,value,n\n"
REPORTER = {"ago.reporter": ("AGO", "-", "unit-contributor", "گزارشگر دادستانی")}
UNIT_OF = {"SIT": "sit.manager", "HRD": "hrd.manager", "SC": "sc.manager", "JDP-E": "jdpe.manager"}


class Measures(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, account in REPORTER.items():
            if name not in cls.stack.accounts:
                cls.stack.add_accounts({name: account})

    def send(self, name, rows, period, **more):
        return self.stack.client(name).post("/api/v1/contributions", {"kind": "measures", "format": "csv", "period": period,
                                                                     "data": HEAD + rows, **more})

    def catalogue(self):
        """As it is shipped; other tests define indicators of their own."""
        return {row["code"]: row for row in self.stack.client("hrd.manager").items("/api/v1/indicators")
                if row["id"].startswith("00000000-0000-8000-")}

    def test_each_unit_sends_its_own_and_no_other_s(self):
        reported = {code: row for code, row in self.catalogue().items() if row["kind"] == "reported"
                    and (row["level"].startswith("J") or row["level"] == "X") and code not in ("Q01", "Q02")}
        self.assertGreaterEqual(len(reported), 15)
        for unit, name in UNIT_OF.items():
            for code, row in reported.items():
                with self.subTest(f"{name} {code}"):
                    sent = self.stack.client(name).post(
                        "/api/v1/contributions?dry_run=true", {"kind": "measures", "format": "csv", "period": "1371",
                                                               "data": HEAD + f"HRD-0001,{code},1,4\n"})
                    if row["contributor_unit"] == unit:
                        self.assertEqual((sent.status, sent.json()["rows_ok"]), (200, 1), sent)
                    else:
                        faults = sent.json()["errors"]
                        self.assertEqual([(fault["row"], fault["column"], fault["code"]) for fault in faults],
                                         [(2, "indicator", "NOT_CONTRIBUTOR")], sent)

    def test_values_are_sealed_counted_and_said_once(self):
        rows = "HRD-0001,H01,۳۲٫۵,\nHRD-0002,h01,40,\nHRD-0001,H04,0.25,210\n"
        sent = self.send("hrd.manager", rows, "1372")
        self.assertEqual((sent.status, sent.json()["rows_ok"]), (201, 3), sent)
        values = [item for item in self.stack.client("hrd.manager").items("/api/v1/indicator-values?indicator=H01")
                  if item["period"] == "1372"]
        self.assertEqual(sorted(float(item["value"]) for item in values), [32.5, 40.0])
        stored = self.stack.sql("select count(*) filter (where v.value is null and v.value_ct is not null), count(*) from "
                                f"sanjeh.indicator_value v where v.contribution_id = '{sent.json()['id']}'")
        self.assertEqual(stored, "3|3", "a value about a judge lies open in the database")
        again = problem(self, self.send("hrd.manager", rows, "1372"), 422, "ROWS_REJECTED")
        self.assertEqual({fault["code"] for fault in again["errors"]}, {"DUPLICATE_ROW"})

    def send_courts(self, name, rows, period, head=COURTS, **more):
        return self.stack.client(name).post("/api/v1/contributions", {"kind": "measures", "format": "csv", "period": period,
                                                                     "data": head + rows, **more})

    def test_a_court_has_indicators_of_its_own(self):
        of_courts = {code: row for code, row in self.catalogue().items() if row["kind"] == "reported" and "C" in row["level"]}
        self.assertLessEqual({"C01", "Q06", "S07", "S08", "T16"}, set(of_courts))
        for unit, name in {**UNIT_OF, "AGO": "ago.reporter"}.items():
            mine = {code: row["level"] for code, row in of_courts.items() if row["contributor_unit"] == unit}
            rows = "".join(f"Measure-1,{code},{n + 10}.25,{n + 40}\n" for n, code in enumerate(sorted(mine)))
            if not rows:
                continue
            sent = self.send_courts(name, rows, "1374")
            self.assertEqual((sent.status, sent.json()["rows_ok"]), (201, len(mine)), sent)
            found = [row for row in self.stack.client(name).items(f"/api/v1/indicator-values?contribution_id={sent.json()['id']}")]
            self.assertEqual({row["indicator"]: (str(row["value"]), row["n"], row["judge_id"], row["court"], row["level"], row["period"])
                              for row in found},
                             {code: (f"{n + 10}.25", n + 40, None, "Measure-1", mine[code], "1374") for n, code in enumerate(sorted(mine))})
            again = problem(self, self.send_courts(name, rows, "1374"), 422, "ROWS_REJECTED")
            self.assertEqual([fault["code"] for fault in again["errors"]], ["DUPLICATE_ROW"] * len(mine))
            other = problem(self, self.send_courts(name, "Measure-1,H01,3,\n" if unit != "HRD" else "Measure-1,C01,3,\n", "1374"), 422)
            self.assertEqual([fault["code"] for fault in other["errors"]], ["NOT_CONTRIBUTOR"])
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.indicator_value v join sanjeh.indicator i on i.id = v.indicator_id "
                                        "where i.level = 'C' and v.judge_id is not null"), "0", "a court's indicator is a judge's")

    def test_a_measure_is_of_a_judge_or_of_a_court_as_its_level_has_it(self):
        both = "judge,court,indicator,value,n\n"
        for row, column, code in (("HRD-0001,,S07,80,", "indicator", "NOT_INDIVIDUAL"), (",Measure-1,H01,30,", "indicator", "NOT_OF_COURTS"),
                                  ("HRD-0001,Measure-1,S07,80,", None, "TWO_SUBJECTS"), (",,S07,80,", None, "NO_SUBJECT"),
                                  (",Measure-1,S07,100.5,20", "value", "OUT_OF_RANGE"), (",Measure-1,S07,80,0", "n", "OUT_OF_RANGE"),
                                  (",Measure-1,D04,80,20", "indicator", "NOT_CONTRIBUTOR")):
            with self.subTest(row):
                document = problem(self, self.send_courts("hrd.manager", row + "\n", "1375", head=both), 422, "ROWS_REJECTED")
                self.assertEqual([(fault["row"], fault.get("column"), fault["code"]) for fault in document["errors"]], [(2, column, code)])
        sent = self.send_courts("hrd.manager", "HRD-0003,,H01,30,\n,Measure-2,S07,80,20\n", "1375", head=both)
        self.assertEqual((sent.status, sent.json()["rows_ok"]), (201, 2), sent)
        next_one = self.send_courts("hrd.manager", "Measure-2,S07,81,21\n", "1375", supersedes=sent.json()["id"])
        self.assertEqual(next_one.status, 201, next_one)
        now = [row for row in self.stack.client("hrd.manager").items("/api/v1/indicator-values?indicator=S07") if row["court"] == "Measure-2"]
        self.assertEqual([(row["value"], row["n"]) for row in now], [(81, 21)])

    def test_wrong_rows_are_named(self):
        for row, column, code in (("HRD-0001,H04,101,", "value", "OUT_OF_RANGE"), ("HRD-0001,H04,-1,", "value", "OUT_OF_RANGE"),
                                  ("HRD-0001,H01,9000,", "value", "OUT_OF_RANGE"), ("HRD-0001,H01,خوب,", "value", "NOT_A_NUMBER"),
                                  ("HRD-0001,H01,,", "value", "REQUIRED"), ("HRD-0001,H01,3,1.5", "n", "NOT_WHOLE"),
                                  ("HRD-0001,D04,100,", "indicator", "NOT_CONTRIBUTOR"), ("HRD-0001,T01,1,", "indicator", "UNKNOWN_CRITERION"),
                                  ("HRD-9999,H01,3,", "judge", "UNKNOWN_JUDGE")):
            with self.subTest(row):
                document = problem(self, self.send("hrd.manager", row + "\n", "1373"), 422, "ROWS_REJECTED")
                self.assertEqual([(fault["row"], fault["column"], fault["code"]) for fault in document["errors"]], [(2, column, code)])
        problem(self, self.stack.client("hrd.manager").post("/api/v1/contributions", {
            "kind": "measures", "format": "csv", "data": HEAD + "HRD-0001,H01,3,\n"}), 422, "INVALID")
        problem(self, self.stack.client("sc.manager").post("/api/v1/contributions", {
            "kind": "measures", "format": "csv", "period": "1373", "data": HEAD + "HRD-0001,Q01,80,8\n"}), 422, "ROWS_REJECTED")

    def test_the_document_says_how_each_indicator_comes_in(self):
        lines = (pathlib.Path(ROOT) / "docs/INDICATORS.md").read_text(encoding="utf-8").splitlines()
        said = {cells[1].strip(): (cells[3].strip(), cells[4].strip()) for cells in (line.split("|") for line in lines) if len(cells) > 5}
        for code, row in self.catalogue().items():
            self.assertIn(code, said, "an indicator without a way into the product")
            kind, level = row["kind"], row["level"]
            way = ("computed" if kind == "computed" else "survey" if kind == "survey" else "samples" if code in ("Q01", "Q02") else
                   "gate" if level == "G" else "measures")
            self.assertEqual(said[code], (row["contributor_unit"], way), code)


if __name__ == "__main__":
    unittest.main()
