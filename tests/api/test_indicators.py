# SPDX-License-Identifier: Apache-2.0
"""Definitions of indicators: versions, formulas, units, anchors, and what is never measured."""

import secrets
import unittest

from stack import SharedTest, problem


OWNER = "definitions.owner"


class Indicators(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if OWNER not in cls.stack.accounts:
            cls.stack.add_accounts({OWNER: ("HRD", "-", "process-owner", "مالک تعریف‌ها")})

    def definition(self, **members):
        return {"code": f"X{secrets.token_hex(4).upper()}", "kind": "computed", "name_fa": "سهم رسیدگی از کل", "name_en": "Resolved of all",
                "formula": "R / (P0 + I) × 100", "method": "resolved of pending and incoming", "unit": "%", "direction": "higher",
                "anchor_floor": 20, "anchor_target": "60.5", "anchor_cap": 100, "level": "J/C", "standard": "design",
                "contributor_unit": "SIT", "min_n": 20, **members}

    def fault(self, answer, pointer, code):
        problem(self, answer, 422, "INVALID")
        self.assertEqual([(f["pointer"], f["code"]) for f in answer.json()["errors"]], [(pointer, code)], answer)
        return answer.json()["errors"][0]["detail"]

    def versions(self, client, code):
        found = client.items(f"/api/v1/indicators?code={code}")
        self.assertEqual(len(found), 1, code)
        return client.items(f"/api/v1/indicators/{found[0]['id']}/versions")

    def test_the_catalogue_has_a_definition_each(self):
        client = self.stack.client(OWNER)
        clearance = self.versions(client, "T01")[-1]
        self.assertEqual((clearance["version"], clearance["formula"], clearance["unit"], clearance["band_low"], clearance["band_high"]),
                         (1, "R / I × 100", "%", 98, 115))
        listed, = client.items("/api/v1/indicators?code=T01")
        one = client.get(f"/api/v1/indicators/{listed['id']}")
        self.assertEqual((one.status, one.json()["code"], one.json()["version"]), (200, "T01", 1), one)
        self.assertTrue(self.versions(client, "Q03")[-1]["weight_locked"], "reversals have no weight")
        self.assertTrue(self.versions(client, "D01")[-1]["weight_locked"], "gates have no weight")
        self.assertFalse(self.versions(client, "T01")[-1]["weight_locked"])
        self.assertEqual(int(self.stack.sql("select count(*) from sanjeh.indicator i where not exists "
                                            "(select from sanjeh.indicator_version v where v.indicator_id = i.id)")), 0)

    def test_a_new_version_stands_beside_the_old_one(self):
        client = self.stack.client(OWNER)
        body = self.definition()
        made = client.post("/api/v1/indicators", body)
        self.assertEqual(made.status, 201, made)
        self.assertEqual((made.json()["version"], made.json()["anchor_target"]), (1, 60.5))
        again = client.post("/api/v1/indicators", {**body, "anchor_target": 70})
        self.assertEqual((again.status, again.json()["version"]), (201, 2), again)
        self.assertEqual([(v["version"], v["anchor_target"]) for v in self.versions(client, body["code"])], [(2, 70), (1, 60.5)])
        other = {**body, "kind": "reported", "formula": None}
        problem(self, client.post("/api/v1/indicators", other), 409, "CONFLICT")

    def test_formula_unit_and_anchors_must_agree(self):
        client = self.stack.client(OWNER)
        for change, pointer, code in (
                ({"formula": "R / "}, "/formula", "SYNTAX"),
                ({"formula": "acquaintances / R * 100"}, "/formula", "UNKNOWN_INPUT"),
                ({"formula": "(R + d) / I * 100"}, "/formula", "UNIT_MISMATCH"),
                ({"formula": "(" * 20 + "R" + ")" * 20}, "/formula", "TOO_DEEP"),
                ({"formula": None}, "/formula", "REQUIRED"),
                ({"formula": "R / I"}, "/unit", "UNIT_MISMATCH"),
                ({"unit": "days"}, "/unit", "UNIT_MISMATCH"),
                ({"anchor_cap": 10}, "/anchor_floor", "BAD_ANCHORS"),
                ({"band_low": 1}, "/band_low", "BAD_ANCHORS"),
                ({"direction": "band"}, "/anchor_target", "BAD_ANCHORS"),
                ({"anchor_floor": None}, "/anchor_floor", "REQUIRED"),
                ({"code": "x'; drop"}, "/code", "FORMAT"),
                ({"name_en": "a\u202eb"}, "/name_en", "FORMAT")):
            with self.subTest(change):
                self.fault(client.post("/api/v1/indicators", self.definition(**change)), pointer, code)

    def test_what_is_never_measured_is_refused_by_name(self):
        client = self.stack.client(OWNER)
        refused = client.items("/api/v1/refused-indicators")
        self.assertEqual(len(refused), 7)
        for change, name in (
                ({"name_en": "Acquittal rate"}, "Acquittal or conviction rate"),
                ({"name_fa": "نرخ برائت"}, "Acquittal or conviction rate"),
                ({"name_fa": "شدت مجازات‌ها"}, "Sentence severity"),
                ({"name_en": "Share of pre-trial detention"}, "Share of detention orders"),
                ({"name_fa": "قرارهای بازداشت"}, "Share of detention orders"),
                ({"name_fa": "قرار‌های بازداشت"}, "Share of detention orders"),
                ({"name_en": "Use of suspended sentences"}, "Use of leniency"),
                ({"name_fa": "استفاده از نهادهای ارفاقی"}, "Use of leniency"),
                ({"method": "pending complaints of the year"}, "Pending or unproven complaints"),
                ({"name_en": "Media sentiment"}, "Media"),
                ({"name_fa": "مذهب قاضی"}, "Family, religion"),
                ({"method": "ethnicity of the judge"}, "Family, religion")):
            with self.subTest(change):
                detail = self.fault(client.post("/api/v1/indicators", self.definition(**change)), "/name_en", "REFUSED_DEFINITION")
                reasons = [r["reason_en"] for r in refused if r["name_en"].startswith(name.split(",")[0])] or [name]
                self.assertTrue(any(reason in detail for reason in reasons) or name in detail, detail)
        self.assertEqual(int(self.stack.sql("select count(*) from sanjeh.indicator where name_en = 'Acquittal rate'")), 0)

    def test_only_the_process_owner_and_the_statistics_centre_define(self):
        body = self.definition()
        for name in ("jdpe.manager", "jdpd.manager", "sit.analyst", "hrd.contributor"):
            with self.subTest(name):
                self.assertEqual(self.stack.client(name).post("/api/v1/indicators", body).status, 403)


if __name__ == "__main__":
    unittest.main()
