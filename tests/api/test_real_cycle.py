# SPDX-License-Identifier: Apache-2.0
"""The 43 judges of the real data through one cycle, from the criteria to the freeze: what the lawyers' survey found stands in each sheet, to
the digit, and is worth nothing, because the source does not say how many answered."""

import csv
import unittest

import demo_load
import test_population_cycle
from stack import SOURCE, Stack

ITEMS = [{"no": no, "family": family, "source": "indicator" if code else "mark", "name_fa": "معیار", "name_en": "Item", "weight": weight,
          **({"indicator_code": code} if code else {})}
         for no, (family, code, weight) in enumerate([("conduct", "INTG", "25"), ("quality", None, "45"), ("timeliness", None, "15"),
                                                      ("development", None, "15")], 1)]


class RealCycle(test_population_cycle.Population, unittest.TestCase):
    judges = 43 - test_population_cycle.MEMBERS
    items = ITEMS
    period = "1977"

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "hrd.contributor", "jdpe.manager", "sit.manager"), env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        demo_load.load(cls.stack.anonymous(timeout=300), cls.stack.accounts, SOURCE)
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        cls.members = [f"HRD-{number:04}" for number in range(1, test_population_cycle.MEMBERS + 1)]
        cls.stack.add_accounts({f"member.{n}": ("SC", "-", "evaluator", f"عضو {n}", f"HRD:{number}", "person")
                                for n, number in enumerate(cls.members, 1)})
        with open(SOURCE / "us_judge_ratings.csv", newline="", encoding="utf-8") as source:
            cls.means = {f"HRD-{number:04}": row["INTG"] for number, row in enumerate(csv.DictReader(source), 1)}

    def test_forty_three_judges(self):
        self.open_cycle()
        self.seat_all()
        moved, refused = self.move_all("planned", "notified")
        self.assertEqual((moved, len(refused)), (self.judges, test_population_cycle.MEMBERS))
        self.advance(40)
        self.wait_for({"planned": test_population_cycle.MEMBERS, "collecting": self.judges}, 60)
        done = self.post(f"cycles/{self.cycle}/computations")
        self.assertEqual((done["evaluations"], done["sufficient"]), (self.judges, self.judges))
        numbers = {row["id"]: row["personnel_number"] for row in self.owner.items("/api/v1/judges")}
        seen = 0
        for row in self.owner.items(f"/api/v1/evaluations?cycle_id={self.cycle}&state=collecting"):
            sheet = self.issuer.get(f"/api/v1/evaluations/{row['id']}/score").json()["sheet"]
            line = sheet["items"][0]
            self.assertEqual((float(line["raw"]), line["n"]), (float(self.means[numbers[row["judge_id"]]]), None))
            self.assertEqual((line["reason"], line["sub_score"]), ("UNKNOWN_N", None), "a mean of an unknown number of answers counts")
            seen += 1
        self.assertEqual(seen, self.judges)
        moved, refused = self.move_all("collecting", "frozen")
        self.assertEqual((moved, refused), (self.judges, []))
        self.assertEqual(self.states(), {"planned": test_population_cycle.MEMBERS, "frozen": self.judges})


if __name__ == "__main__":
    unittest.main()
