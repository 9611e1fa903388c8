# SPDX-License-Identifier: Apache-2.0
"""Reported indicators: each unit sends those that the catalogue gives it, about judges, and nobody another's. Every indicator of the
catalogue has a way into the product, and docs/INDICATORS.md says which."""

import pathlib
import unittest

from stack import ROOT, SharedTest, problem

HEAD = "judge,indicator,value,n\n"
UNIT_OF = {"SIT": "sit.manager", "HRD": "hrd.manager", "SC": "sc.manager", "JDP-E": "jdpe.manager"}


class Measures(SharedTest):
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
                   "gate" if level == "G" else "measures" if level.startswith("J") or level == "X" else "open")
            self.assertEqual(said[code], (row["contributor_unit"], way), code)


if __name__ == "__main__":
    unittest.main()
