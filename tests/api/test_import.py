# SPDX-License-Identifier: Apache-2.0
"""Does a bad file change nothing and say what is wrong with it (I9)?"""

import json
import unittest
import uuid

from stack import SharedTest, problem, recorded

HEAD = "judge,criterion,mean,n\n"
LOAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"


class Import(SharedTest):
    def setUp(self):
        self.client = self.stack.client("hrd.contributor")
        self.before = self.rows()

    def rows(self):
        """How many rows stand in every table of data, as the superuser counts them."""
        return self.stack.sql("select (select count(*) from sanjeh.judge), (select count(*) from sanjeh.indicator_value), "
                              "(select count(*) from sanjeh.workload_fact), (select count(*) from sanjeh.contribution), "
                              "(select count(*) from sanjeh.court)")

    def send(self, kind, data, period="1978", query="", client=None, form="csv"):
        return (client or self.client).post(f"/api/v1/contributions{query}",
                                            {"kind": kind, "period": period, "format": form, "data": data})

    def refused(self, kind, data, code=None, **kw):
        answer = self.send(kind, data, **kw)
        document = problem(self, answer, 422, "ROWS_REJECTED")
        recorded(self, answer)
        rows = document["errors"]
        self.assertTrue(rows, document)
        for fault in rows:
            self.assertLessEqual({"row", "column", "code", "detail"}, set(fault), fault)
        if code is not None:
            self.assertIn(code, {fault["code"] for fault in rows}, document)
        self.assertGreater(document["rows_rejected"], 0)
        self.assertEqual(self.rows(), self.before)
        return rows

    def test_rows_with_faults_change_nothing_and_are_named(self):
        good = "HRD-0001,INTG,7.9,12\n"
        cases = {
            "text for a number": "HRD-0002,INTG,high,\n",
            "above the scale": "HRD-0002,INTG,100.1,\n",
            "below the scale": "HRD-0002,INTG,-1,\n",
            "exponent": "HRD-0002,INTG,1e1,\n",
            "unknown judge": "HRD-9999,INTG,7.0,\n",
            "unknown criterion": "HRD-0002,CHARM,7.0,\n",
            "too few cells": "HRD-0002,INTG\n",
            "too many cells": "HRD-0002,INTG,7.0,,9\n",
            "formula": "=1+1,INTG,7.0,\n",
            "formula with tab": "\t=HYPERLINK(A1),INTG,7.0,\n",
            "negative n": "HRD-0002,INTG,7.0,-3\n",
            "same row twice": "HRD-0001,INTG,7.9,12\n",
            "empty judge": ",INTG,7.0,\n",
        }
        for name, row in cases.items():
            with self.subTest(name):
                rows = self.refused("survey_means", HEAD + good + row)
                self.assertIn(3, {fault["row"] for fault in rows}, "row 1 is the header, 3 the bad one")

    def test_a_nul_is_refused(self):
        problem(self, self.send("survey_means", HEAD + "HRD-0002\x00,INTG,7.0,\n"), 400, "BAD_JSON")
        self.assertEqual(self.rows(), self.before)

    def test_wrong_columns_are_refused(self):
        for head in ("judge,criterion,average,n\n", "judge,criterion,mean\nx", "judge,judge,criterion,mean,n\n", "a;b;c\n"):
            with self.subTest(head):
                answer = self.send("survey_means", head + "HRD-0001,INTG,7.9,12\n")
                problem(self, answer, 422)
                self.assertEqual(self.rows(), self.before)

    def test_broken_utf8_is_refused(self):
        body = b'{"kind":"survey_means","period":"1978","format":"csv","data":"' + HEAD.replace("\n", "\\n").encode() + \
            b'HRD-\xff001,INTG,7.9,\\n"}'
        answer = self.client.request("POST", "/api/v1/contributions", body=body, headers={"Content-Type": "application/json"})
        problem(self, answer, 400, "BAD_JSON")
        boundary = uuid.uuid4().hex
        parts = [("kind", b"survey_means"), ("period", b"1978"), ("format", b"csv"),
                 ("data", HEAD.encode() + b"HRD-\xff001,INTG,7.9,\n")]
        form = b"".join(b"--%s\r\nContent-Disposition: form-data; name=\"%s\"\r\n\r\n%s\r\n" %
                        (boundary.encode(), name.encode(), value) for name, value in parts) + b"--%s--\r\n" % boundary.encode()
        answer = self.client.request("POST", "/api/v1/contributions", body=form,
                                     headers={"Content-Type": f"multipart/form-data; boundary={boundary}"})
        self.assertIn(answer.status, (400, 422), answer)
        self.assertEqual(self.rows(), self.before)

    def test_one_million_rows_are_too_many(self):
        for rows in (1_000_000, 100_001):
            with self.subTest(rows):
                body = json.dumps({"kind": "survey_means", "period": "1978", "format": "csv",
                                   "data": HEAD + "J,INTG,7,\n" * rows}).encode()
                answer = self.client.request("POST", "/api/v1/contributions", body=body,
                                             headers={"Content-Type": "application/json"})
                problem(self, answer, 413)
                recorded(self, answer)
                self.assertEqual(self.rows(), self.before)

    def test_the_identity_of_workload_holds(self):
        sit = self.stack.client("sit.manager")
        rows = self.refused("workload", LOAD + ",CEPEJ-1,1999,240,265,7,0,0,329,184\n", client=sit)
        self.assertEqual(rows[0]["row"], 2)
        self.refused("workload", LOAD + ",CEPEJ-1,1999,240,5,0,0,9,0,236\n", client=sit)  # negative incoming
        self.refused("workload", LOAD + ",,1999,240,5,0,0,0,0,245\n", client=sit)  # about nobody
        self.refused("workload", LOAD + ",CEPEJ-1,1999-13,1,1,0,0,0,1,1\n", client=sit)

    def test_a_dry_run_validates_and_changes_nothing(self):
        good = HEAD + "HRD-0001,INTG,7.9,12\nHRD-0001,DMNR,7.5,12\n"
        answer = self.send("survey_means", good, query="?dry_run=true")
        self.assertIn(answer.status, (200, 201), answer)
        document = answer.json()
        self.assertEqual((document["rows_ok"], document["rows_rejected"], document["errors"]), (2, 0, []))
        self.assertEqual(self.rows(), self.before)
        bad = self.send("survey_means", HEAD + "HRD-0001,INTG,high,\n", query="?dry_run=true")
        self.assertIn(bad.status, (200, 422), bad)
        self.assertEqual(bad.json()["rows_rejected"], 1)
        self.assertEqual(self.rows(), self.before)

    def test_the_same_file_twice_does_not_load_twice(self):
        sit = self.stack.client("sit.manager")
        data = LOAD + ",CEPEJ-1,1931,10,5,0,0,0,5,10\n"
        first = self.send("workload", data, client=sit)
        self.assertEqual(first.status, 201, first)
        facts = self.stack.sql("select count(*) from sanjeh.workload_fact where in_force")
        again = self.send("workload", data, client=sit)
        self.assertIn(again.status, (201, 409, 422), again)
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.workload_fact where in_force"), facts)
        identity = first.json()["id"]
        self.stack.sql(f"delete from sanjeh.indicator_value where contribution_id = '{identity}'; "
                       f"delete from sanjeh.workload_fact where contribution_id = '{identity}';")

    def test_unknown_kind_and_format_are_refused(self):
        for kind, form in (("gossip", "csv"), ("roster", "xlsx")):
            problem(self, self.send(kind, HEAD, form=form), 422, "INVALID")

    def test_persian_digits_and_letters_are_one_with_their_norm(self):
        answer = self.send("survey_means", HEAD + "hrd-۰۰۰۱,INTG,۷٫۹,۱۲\n", query="?dry_run=true")
        self.assertIn(answer.status, (200, 201), answer)
        self.assertEqual(answer.json()["rows_ok"], 1)


if __name__ == "__main__":
    unittest.main()
