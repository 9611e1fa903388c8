# SPDX-License-Identifier: Apache-2.0
"""Registers, courts and filters against people who mean harm: captured numbers, walls, deceiving labels, null, long text."""

import secrets
import unittest
import urllib.parse
import uuid

from stack import REGISTERS, SharedTest, problem

NIL = "00000000-0000-0000-0000-000000000000"
LOAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"


class Register(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts(REGISTERS)

    def make(self, client, number, **members):
        made = client.post("/api/v1/judges", {"personnel_number": number, "name": "قاضی آزمون", **members})
        self.assertEqual(made.status, 201, made)
        self.addCleanup(self.withdraw, made.json()["id"])
        return made

    def withdraw(self, identity):
        self.stack.sql(f"delete from sanjeh.blind_index where row_id = '{identity}'; "
                       f"delete from sanjeh.judge where id = '{identity}';")

    def number(self):
        return f"R-{secrets.token_hex(6).upper()}"

    def survey(self, client, number):
        return client.post("/api/v1/contributions?dry_run=true", {
            "kind": "survey_means", "format": "csv", "period": "1404", "data": f"judge,criterion,mean,n\n{number},INTG,7,9\n"})

    # ---- whose judge ----

    def test_a_unit_cannot_draw_anothers_survey_to_its_own_judge(self):
        hrd, sit, sc = (self.stack.client(f"{unit}.register") for unit in ("hrd", "sit", "sc"))
        number = self.number()
        self.make(hrd, number)
        self.assertEqual(self.survey(sc, number).json()["errors"], [])
        self.make(sit, number)
        report = self.survey(sc, number).json()
        self.assertEqual([fault["code"] for fault in report["errors"]], ["AMBIGUOUS_JUDGE"], report)
        self.assertEqual(self.survey(hrd, number).json()["errors"], [], "the own register comes first")
        self.assertEqual(self.survey(sit, number).json()["errors"], [])

    def test_compartments_keep_their_registers_apart(self):
        evaluation, disciplinary = self.stack.client("jdpe.register"), self.stack.client("jdpd.register")
        number = self.number()
        made = self.make(evaluation, number, national_number="0790419904")
        path = f"/api/v1/judges/{made.json()['id']}"
        self.assertEqual(evaluation.get(path).status, 200)
        problem(self, disciplinary.get(path), 404, "NOT_FOUND")
        etag = {"If-Match": made.header("ETag")}
        problem(self, disciplinary.patch(path, {"name": "دیگری"}, headers=etag), 404, "NOT_FOUND")
        self.assertEqual(disciplinary.items(f"/api/v1/judges?personnel_number={number}"), [])
        self.assertEqual([fault["code"] for fault in self.survey(disciplinary, number).json()["errors"]], ["UNKNOWN_JUDGE"])
        self.assertEqual(self.survey(self.stack.client("sc.register"), number).json()["errors"], [], "other units may match it")
        self.make(disciplinary, number, national_number="0790419904")  # 409 would tell that it is known
        problem(self, evaluation.post("/api/v1/judges", {"personnel_number": number, "name": "قاضی"}), 409, "DUPLICATE")

    # ---- null ----

    def test_null_removes_and_an_empty_patch_changes_nothing(self):
        client = self.stack.client("hrd.manager")
        made = self.make(client, self.number(), national_number="0499370899", sex="female", education="both", birth_year=1350,
                         judicial_base=9, first_appointment="1380-05-12")
        path, etag = f"/api/v1/judges/{made.json()['id']}", made.header("ETag")
        for body in ({}, {"sex": "female"}, {"name": "قاضی آزمون", "birth_year": 1350}):
            with self.subTest(body):
                same = client.patch(path, body, headers={"If-Match": etag})
                self.assertEqual((same.status, same.header("ETag"), same.json()["version"]), (200, etag, 1), same)
        cleared = {name: None for name in ("sex", "education", "birth_year", "judicial_base", "first_appointment",
                                           "national_number")}
        changed = client.patch(path, cleared, headers={"If-Match": etag})
        self.assertEqual((changed.status, changed.json()["version"]), (200, 2), changed)
        for document in (changed.json(), client.get(path).json()):
            self.assertEqual({name: document[name] for name in cleared}, cleared)
            self.assertEqual(document["name"], "قاضی آزمون")
        self.assertEqual(client.items("/api/v1/judges?national_number=0499370899"), [])
        again = client.patch(path, cleared, headers={"If-Match": changed.header("ETag")})
        self.assertEqual(again.json()["version"], 2, "nothing was there to be removed")

    def test_what_an_entry_needs_cannot_be_removed(self):
        client = self.stack.client("hrd.manager")
        made = self.make(client, self.number())
        path, etag = f"/api/v1/judges/{made.json()['id']}", {"If-Match": made.header("ETag")}
        bodies = [{name: value} for name in ("name", "personnel_number", "status") for value in (None, "")]
        bodies += [{name: ""} for name in ("sex", "education", "national_number", "first_appointment")]
        bodies += [{"birth_year": 0}, {"judicial_base": 0}]
        for body in bodies:
            with self.subTest(body):
                document = problem(self, client.patch(path, body, headers=etag), 422, "INVALID")
                self.assertEqual([fault["pointer"] for fault in document["errors"]], [f"/{name}" for name in body])
        self.assertEqual(client.get(path).json()["version"], 1)

    # ---- filters ----

    def test_text_filters_are_bounded(self):
        client = self.stack.client("hrd.manager")
        for path, names in {"judges": ("q", "personnel_number", "national_number", "status"),
                            "courts": ("code", "status", "province"), "indicators": ("code", "kind"),
                            "contributions": ("kind", "state"), "facts": ("period",),
                            "indicator-values": ("period", "indicator")}.items():
            for name in names:
                for length in (257, 8000):
                    with self.subTest(f"{path} {name} {length}"):
                        answer = client.get(f"/api/v1/{path}?{name}={'a' * length}")
                        document = problem(self, answer, 400, "BAD_PARAMETER")
                        self.assertEqual(document["errors"][0]["pointer"], name)
        nine = urllib.parse.quote(" ".join("abcdefghi"))
        self.assertEqual(problem(self, client.get(f"/api/v1/judges?q={nine}"), 400, "BAD_PARAMETER")["errors"][0]["pointer"], "q")
        self.assertEqual(client.get(f"/api/v1/judges?q={urllib.parse.quote(' '.join('abcdefgh'))}").status, 200)

    def test_the_nil_id_is_not_everybody(self):
        client = self.stack.client("hrd.manager")
        for path in ("facts", "indicator-values"):
            for name in ("judge_id", "court_id", "contribution_id"):
                for value in (NIL, ""):
                    with self.subTest(f"{path} {name} {value}"):
                        problem(self, client.get(f"/api/v1/{path}?{name}={value}"), 400, "BAD_PARAMETER")

    # ---- courts ----

    def test_courts_cannot_deceive(self):
        client = self.stack.client("sit.manager")
        before = self.stack.sql("select count(*) from sanjeh.court")
        good = {"code": f"K-{secrets.token_hex(4)}", "name_fa": "شعبه", "name_en": "Branch"}
        for text in ("a\u202eb", "\u2067a\u2069", "a\tb", "a\u0085b", "<b>a</b>", "a\u200d", "\u200ca", "x" * 129, ""):
            for name in ("code", "name_fa", "name_en"):
                with self.subTest(f"{name} {text!r}"):
                    document = problem(self, client.post("/api/v1/courts", {**good, name: text}), 422, "INVALID")
                    self.assertEqual(document["errors"][0]["pointer"], f"/{name}")
        for text in ("a\u202eb", "<b>a</b>"):
            answer = client.post("/api/v1/contributions", {"kind": "workload", "format": "csv",
                                                           "data": LOAD + f",{text},1404,1,1,0,0,0,1,1\n"})
            document = problem(self, answer, 422, "ROWS_REJECTED")
            self.assertEqual([(fault["column"], fault["code"]) for fault in document["errors"]], [("court", "BAD_COURT")])
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.court"), before)

    def test_a_court_has_a_kind_and_a_place_in_the_hierarchy(self):
        client = self.stack.client("sit.manager")
        above = {"code": f"P-{secrets.token_hex(4)}", "name_fa": "دادگاه تجدیدنظر", "name_en": "Court of appeal", "kind": "appeal"}
        parent = client.post("/api/v1/courts", above)
        self.assertEqual(parent.status, 201, parent)
        self.assertEqual([parent.json()[name] for name in ("kind", "specialisation", "size_class", "parent_id")], ["appeal", None, None, None])
        more = {"kind": "first_instance", "specialisation": "کیفری", "size_class": "large", "parent_id": parent.json()["id"]}
        body = {**above, "code": f"Q-{secrets.token_hex(4)}", **more}
        made = client.post("/api/v1/courts", body)
        self.assertEqual(made.status, 201, made)
        read = client.get(f"/api/v1/courts/{made.json()['id']}").json()
        self.assertEqual({name: read[name] for name in more}, more)
        self.assertEqual(client.get(f"/api/v1/courts?code={body['code']}").json()["items"], [read])
        for name, value in (("kind", "tribunal"), ("size_class", "huge"), ("specialisation", "a\u202eb"),
                            ("parent_id", "c0000000-0000-8000-8000-00000000dead")):
            document = problem(self, client.post("/api/v1/courts", {**body, "code": f"R-{secrets.token_hex(4)}", name: value}), 422, "INVALID")
            self.assertEqual(document["errors"][0]["pointer"], f"/{name}")

    # ---- forms and rows ----

    def form(self, client, parts):
        boundary = uuid.uuid4().hex
        body = b"".join(b"--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" %
                        (boundary.encode(), name.encode(), value.encode()) for name, value in parts.items())
        return client.request("POST", "/api/v1/contributions?dry_run=true", body=body + b"--%s--\r\n" % boundary.encode(),
                              headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})

    def test_a_part_that_nobody_reads_is_refused(self):
        client = self.stack.client("hrd.manager")
        parts = {"kind": "survey_means", "format": "csv", "period": "1404", "file": "judge,criterion,mean,n\nHRD-0001,INTG,7,9\n"}
        self.assertEqual(self.form(client, parts).status, 200)
        for name in ("data", "File", "dry_run"):
            with self.subTest(name):
                problem(self, self.form(client, {**parts, name: "x"}), 400, "UNKNOWN_MEMBER")

    def test_rows_have_one_reading_and_say_something(self):
        hrd, sit = self.stack.client("hrd.manager"), self.stack.client("sit.manager")
        row = '"judge":"HRD-0001","criterion":"INTG","mean":7'
        cases = [(hrd, "survey_means", "ndjson", "{%s,\"Mean\":8}" % row, "UNKNOWN_COLUMN"),
                 (hrd, "survey_means", "ndjson", "{%s,\"mean\":8}" % row, "DUPLICATE_COLUMN"),
                 (hrd, "survey_means", "ndjson", "{%s,\"me\\u0061n\":8}" % row, "DUPLICATE_COLUMN"),
                 (hrd, "survey_means", "ndjson", "{%s,\"n\":0}" % row, "OUT_OF_RANGE"),
                 (hrd, "survey_means", "csv", "judge,criterion,mean,N\nHRD-0001,INTG,7,1\n", "UNKNOWN_COLUMN"),
                 (sit, "workload", "csv", LOAD + ",CEPEJ-1,1404,,,,,,,\n", "NO_DATA")]
        for client, kind, form, data, code in cases:
            with self.subTest(data):
                answer = client.post("/api/v1/contributions", {"kind": kind, "format": form, "period": "1404", "data": data})
                document = problem(self, answer, 422, "ROWS_REJECTED")
                self.assertIn(code, {fault["code"] for fault in document["errors"]})


if __name__ == "__main__":
    unittest.main()
