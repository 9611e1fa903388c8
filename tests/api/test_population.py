# SPDX-License-Identifier: Apache-2.0
"""The made-up population (scripts/population.py): the same each time, accepted by the import, and its faults are those it says."""

import csv
import io
import pathlib
import subprocess
import sys
import tempfile
import unittest

from stack import REGISTERS, ROOT, SharedTest

UNIT = "POPT"


def made(*options):
    done = subprocess.run([sys.executable, str(ROOT / "scripts/population.py"), *options], capture_output=True, text=True, check=True)
    return done.stdout


class Population(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts(REGISTERS)

    def report(self, kind, text, count):
        answer = self.stack.client("sc.register").post("/api/v1/contributions?dry_run=true", {
            "kind": kind, "format": "csv", "period": "1404", "data": text})
        self.assertEqual(answer.status, 200, answer)
        document = answer.json()
        self.assertEqual(document["rows_ok"] + document["rows_rejected"], count)
        return document

    def faulty(self, what, *options):
        with tempfile.TemporaryDirectory() as folder:
            expected = pathlib.Path(folder) / "expected.csv"
            text = made(what, *options, "--faults", "10", "--expected", str(expected))
            with open(expected, newline="", encoding="utf-8") as source:
                return text, list(csv.DictReader(source))

    def test_it_is_the_same_for_a_seed_and_another_for_another(self):
        one = made("workload", "--judges", "20")
        self.assertEqual(one, made("workload", "--judges", "20"))
        self.assertNotEqual(one, made("workload", "--judges", "20", "--seed", "7"))

    def test_the_identity_holds_and_months_follow_each_other(self):
        rows = list(csv.DictReader(io.StringIO(made("workload", "--judges", "50", "--months", "3"))))
        self.assertEqual(len(rows), 50 * 3 * 20)
        ends = {}
        for row in rows:
            flow = {name: int(row[name]) for name in row if name not in ("judge", "court", "period", "case_type")}
            incoming = flow["filed"] + flow["returned"] + flow["transferred_in"] - flow["transferred_out"]
            self.assertGreaterEqual(min(incoming, *flow.values()), 0)
            self.assertEqual(flow["pending_start"] + incoming - flow["resolved"], flow["pending_end"])
            stock = ends.get((row["judge"], row["case_type"]), flow["pending_start"])
            self.assertEqual(stock, flow["pending_start"])
            ends[row["judge"], row["case_type"]] = flow["pending_end"]

    def test_the_roster_is_accepted_whole(self):
        report = self.report("roster", made("roster", "--judges", "400", "--unit-prefix", UNIT), 400)
        self.assertEqual(report["errors"], [])

    def test_faults_of_a_roster_are_found_and_no_others(self):
        text, expected = self.faulty("roster", "--judges", "200", "--unit-prefix", UNIT)
        self.assertGreater(len(expected), 5)
        report = self.report("roster", text, 200)
        self.assertEqual({(fault["row"], fault["code"]) for fault in report["errors"]},
                         {(int(fault["row"]), fault["code"]) for fault in expected})

    def test_faults_of_a_workload_are_found_and_no_others(self):
        client, other = self.stack.client("sc.register"), ("--unit-prefix", "POPW", "--seed", "5000000")
        loaded = client.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404",
                                                       "data": made("roster", "--judges", "10", *other)})
        self.assertIn(loaded.status, (201, 422), loaded)
        text, expected = self.faulty("workload", "--judges", "10", "--months", "2", "--case-types", "15", *other)
        self.assertGreater(len(expected), 10)
        report = self.report("workload", text, 300)
        self.assertEqual({(fault["row"], fault["code"]) for fault in report["errors"]},
                         {(int(fault["row"]), fault["code"]) for fault in expected})


if __name__ == "__main__":
    unittest.main()
