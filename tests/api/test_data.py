# SPDX-License-Identifier: Apache-2.0
"""Is the real data there, whole, at the right unit, and do the computed indicators equal the published figures?"""

import collections
import csv
import decimal
import unittest
import urllib.parse

import demo_load
from stack import SOURCE, SharedTest

PUBLISHED = {"T01": "clearance_rate_pct", "T03": "disposition_time_days", "T09": "pending_change_pct"}


class Data(SharedTest):
    def test_hrd_has_43_judges_with_11_ratings_each(self):
        client = self.stack.client("hrd.manager")
        judges = client.items("/api/v1/judges")
        self.assertEqual(len(judges), 43)
        values = client.items("/api/v1/indicator-values")
        per_judge = collections.Counter(value["judge_id"] for value in values)
        self.assertEqual(set(per_judge), {judge["id"] for judge in judges})
        self.assertEqual(set(per_judge.values()), {11})

    def test_every_rating_is_the_sources(self):
        client = self.stack.client("hrd.manager")
        number = {judge["id"]: judge["personnel_number"] for judge in client.items("/api/v1/judges")}
        stored = {(number[value["judge_id"]], value["indicator"].split(".")[-1].split("-")[-1]):
                  decimal.Decimal(str(value["value"])) for value in client.items("/api/v1/indicator-values")}
        _, means = demo_load.survey(SOURCE)
        expected = {(judge, criterion): decimal.Decimal(mean) for judge, criterion, mean, _ in means}
        self.assertEqual(stored, expected)
        for value in client.items("/api/v1/indicator-values"):
            self.assertIsNone(value["n"], "the source has no n; missing is not zero")
            self.assertEqual(value["period"], "1977")

    def test_names_are_the_sources(self):
        client = self.stack.client("hrd.manager")
        roster, _ = demo_load.survey(SOURCE)
        self.assertEqual({judge["personnel_number"]: judge["name"] for judge in client.items("/api/v1/judges")}, dict(roster))

    def test_sit_has_the_workload_and_none_of_the_ratings(self):
        client = self.stack.client("sit.manager")
        self.assertEqual(len(client.items("/api/v1/judges")), 1150)
        facts = client.items("/api/v1/facts")
        _, rows = demo_load.alj(SOURCE)
        self.assertEqual(len(facts), len(rows) + 7)
        by_judge = [fact for fact in facts if fact["judge_id"] is not None]
        self.assertEqual(sum(fact["resolved"] for fact in by_judge), sum(int(row[8]) for row in rows))
        for fact in by_judge:
            self.assertIsNone(fact["filed"], "an empty cell is unknown")
            self.assertIsNone(fact["pending_end"])
        codes = {value["indicator"] for value in client.items("/api/v1/indicator-values")}
        for criterion in demo_load.CRITERIA:
            self.assertFalse([code for code in codes if criterion in code], codes)

    def test_cepej_figures_are_the_published_ones(self):
        client = self.stack.client("sit.manager")
        values = collections.defaultdict(dict)
        for value in client.items("/api/v1/indicator-values"):
            if value["judge_id"] is None:
                values[value["court_id"]][value["indicator"]] = decimal.Decimal(str(value["value"]))
        self.assertEqual(len(values), 7)
        courts = {court["id"]: court for court in client.items("/api/v1/courts")}
        cent = decimal.Decimal("0.01")
        with open(SOURCE / "cepej_court_table.csv", newline="", encoding="utf-8") as source:
            for number, row in enumerate(csv.DictReader(source), start=1):
                court = next(key for key, item in courts.items() if f"CEPEJ-{number}" in item.values())
                for code, column in PUBLISHED.items():
                    self.assertEqual(values[court][code].quantize(cent, decimal.ROUND_HALF_UP), decimal.Decimal(row[column]),
                                     (number, code))
                turnover = decimal.Decimal(row["resolved"]) / decimal.Decimal(row["pending_end"])
                self.assertEqual(values[court]["T02"].quantize(cent, decimal.ROUND_HALF_UP),
                                 turnover.quantize(cent, decimal.ROUND_HALF_UP), number)

    def test_a_judge_is_found_by_number_and_by_name(self):
        client = self.stack.client("hrd.manager")
        found = client.items("/api/v1/judges?personnel_number=HRD-0007")
        self.assertEqual([judge["personnel_number"] for judge in found], ["HRD-0007"])
        self.assertEqual(client.items("/api/v1/judges?personnel_number=HRD-9999"), [])
        self.assertEqual(client.items("/api/v1/judges?personnel_number=" + urllib.parse.quote("hrd-۰۰۰۷"))[0]["id"], found[0]["id"],
                         "digits of any script and both cases are one number")
        named = client.items("/api/v1/judges?q=aaronson")
        self.assertEqual([judge["personnel_number"] for judge in named], ["HRD-0001"])

    def test_indicators_are_described_in_both_languages(self):
        indicators = {item["code"]: item for item in self.stack.client("hrd.manager").items("/api/v1/indicators")}
        for code in ("T01", "T02", "T03", "T09"):
            self.assertTrue(indicators[code]["name_fa"])
            self.assertTrue(indicators[code]["name_en"])

    def test_units_are_listed_for_everybody(self):
        for username in ("hrd.manager", "judge.one", "security.officer"):
            codes = {unit["code"] for unit in self.stack.client(username).items("/api/v1/units")}
            self.assertLessEqual({"HRD", "SC", "AGO", "JDP", "PIC", "SIT"}, codes)

    def test_a_judge_sees_the_own_file_alone(self):
        client = self.stack.client("judge.one")
        me = client.get("/api/v1/me").json()
        self.assertEqual([judge["id"] for judge in client.items("/api/v1/judges")], [me["judge_id"]])
        values = client.items("/api/v1/indicator-values")
        self.assertEqual(len(values), 11)
        self.assertEqual({value["judge_id"] for value in values}, {me["judge_id"]})


if __name__ == "__main__":
    unittest.main()
