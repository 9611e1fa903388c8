# SPDX-License-Identifier: Apache-2.0
"""Can a judge contest an own row and see the answer? Do reference data, postings and batches have their life?"""

import datetime
import itertools
import unittest
import uuid

from stack import SharedTest, problem, recorded

LOAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end\n"


# What these tests have sent: other tests of the shared stack count rows.
SWEEP = """
delete from sanjeh.data_issue where opened_at >= '{since}';
delete from sanjeh.indicator_value where contribution_id in (select id from sanjeh.contribution where created_at >= '{since}');
delete from sanjeh.workload_fact where contribution_id in (select id from sanjeh.contribution where created_at >= '{since}');
update sanjeh.contribution set superseded_by = null, supersedes_id = null where created_at >= '{since}';
delete from sanjeh.contribution where created_at >= '{since}';
delete from sanjeh.posting where created_at >= '{since}';
delete from sanjeh.availability_fact where created_at >= '{since}';
delete from sanjeh.court where code = 'INTAKE-1';
"""


class Intake(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.since = cls.stack.sql("select clock_timestamp()")

    @classmethod
    def tearDownClass(cls):
        cls.stack.sql(SWEEP.format(since=cls.since))
        super().tearDownClass()

    def setUp(self):
        self.hrd = self.stack.client("hrd.manager")
        self.sit = self.stack.client("sit.manager")
        self.judge = self.stack.client("judge.one")
        self.judge_id = self.judge.get("/api/v1/judges").json()["items"][0]["id"]

    def send(self, period, counts="1,1,0,0,0,1,1", client=None, **more):
        data = LOAD + f"HRD-0001,INTAKE-1,{period},{counts}\n"
        return (client or self.sit).post("/api/v1/contributions", {"kind": "workload", "format": "csv", "data": data, **more})

    def fact(self, contribution, client=None):
        items = (client or self.sit).get(f"/api/v1/facts?contribution_id={contribution}").json()["items"]
        return items[0] if items else None

    years = itertools.count(1700)

    def fresh_period(self):
        """One that no other test of this server uses."""
        return f"{next(self.years)}-04"

    # ---- data issues -----------------------------------------------------------------------------------------

    def test_a_judge_contests_an_own_row(self):
        sent = self.send(self.fresh_period())
        self.assertEqual(sent.status, 201, sent)
        fact = self.fact(sent.json()["id"])
        self.assertFalse(fact["contested"])
        answer = self.judge.post("/api/v1/data-issues", {"fact_id": fact["id"], "text": "پرونده‌های مختومه کم شمرده شده است"})
        self.assertEqual(answer.status, 201, answer)
        recorded(self, answer)
        issue = answer.json()
        self.assertEqual((issue["state"], issue["unit_id"], issue["judge_id"], issue["opened_by_judge"]),
                         ("open", fact["unit_id"], self.judge_id, True))
        due = datetime.datetime.fromisoformat(issue["due_at"].replace("Z", "+00:00"))
        self.assertGreaterEqual((due - datetime.datetime.now(datetime.timezone.utc)).days, 9)
        self.assertTrue(self.fact(sent.json()["id"])["contested"])
        self.assertTrue(self.judge.get(f"/api/v1/facts/{fact['id']}").json()["contested"])
        problem(self, self.judge.post("/api/v1/data-issues", {"fact_id": fact["id"], "text": "again"}), 409, "DUPLICATE")
        stored = self.stack.sql(f"select encode(text_ct, 'escape') from sanjeh.data_issue where id = '{issue['id']}'")
        self.assertNotIn("پرونده", stored)
        path = f"/api/v1/data-issues/{issue['id']}"
        problem(self, self.hrd.get(path), 404)
        problem(self, self.stack.client("judge.two").get(path), 404)
        body = {"outcome": "rejected", "reason": "آمار شعبه درست است"}
        problem(self, self.judge.post(f"{path}/answer", body), 403)
        problem(self, self.sit.post(f"{path}/answer", body), 428)
        seen = self.sit.get(path)
        self.assertEqual(seen.json()["text"], issue["text"])
        match = {"If-Match": seen.header("ETag")}
        problem(self, self.sit.request("POST", f"{path}/answer", json_body={"outcome": "ignored", "reason": "x"}, headers=match), 422)
        done = self.sit.request("POST", f"{path}/answer", json_body=body, headers=match)
        self.assertEqual((done.status, done.json()["state"]), (200, "rejected"), done)
        problem(self, self.sit.request("POST", f"{path}/answer", json_body=body, headers=match), 412)
        self.assertEqual(self.judge.get(path).json()["reason"], body["reason"])
        self.assertFalse(self.fact(sent.json()["id"])["contested"])

    def test_only_own_rows_can_be_contested(self):
        sent = self.send(self.fresh_period())
        fact = self.fact(sent.json()["id"])
        problem(self, self.stack.client("judge.two").post("/api/v1/data-issues", {"fact_id": fact["id"], "text": "x"}), 404)
        problem(self, self.judge.post("/api/v1/data-issues", {"text": "x"}), 422)
        problem(self, self.judge.post("/api/v1/data-issues", {"fact_id": fact["id"], "text": "a\u202eb"}), 422)
        problem(self, self.judge.post("/api/v1/data-issues", {"field": "salary", "text": "x"}), 422)
        answer = self.judge.post("/api/v1/data-issues", {"field": "first_appointment", "text": "سال دیگری است"})
        self.assertIn(answer.status, (201, 409), answer)
        value = self.judge.get("/api/v1/indicator-values?indicator=INTG").json()["items"][0]
        answer = self.judge.post("/api/v1/data-issues", {"value_id": value["id"], "text": "نظرسنجی دیگری بود"})
        self.assertEqual(answer.status, 201, answer)
        self.assertTrue(self.judge.get(f"/api/v1/indicator-values/{value['id']}").json()["contested"])
        path = f"/api/v1/data-issues/{answer.json()['id']}/answer"
        done = self.hrd.request("POST", path, json_body={"outcome": "waived", "reason": "بی اثر"}, headers={"If-Match": answer.header("ETag")})
        self.assertEqual(done.status, 200, done)

    # ---- reference data, postings, availability ----------------------------------------------------------------

    def test_reference_data_is_seeded_and_read_by_all(self):
        for client in (self.sit, self.judge):
            items = client.get("/api/v1/references?kind=province&limit=100").json()["items"]
            self.assertEqual(len(items), 31)
            self.assertIn(("تهران", "Tehran"), {(item["name_fa"], item["name_en"]) for item in items})
        items = self.sit.get("/api/v1/references?kind=time_standard&day=1404-01-01").json()["items"]
        self.assertEqual({item["version"] for item in items}, {1})
        self.assertEqual(next(item["amount"] for item in items if item["code"] == "CIVIL"), 180)
        body = {"kind": "case_type", "code": "X", "name_fa": "ب", "name_en": "b", "valid_from": "2020-01-01"}
        problem(self, self.sit.post("/api/v1/references", body), 403)
        body["code"] = f"X{len(self.hrd.items('/api/v1/references?kind=case_type'))}"
        made = self.hrd.post("/api/v1/references", body)
        self.assertEqual((made.status, made.json()["code"]), (201, body["code"]), made)
        self.assertIn(body["code"], {item["code"] for item in self.hrd.items("/api/v1/references?kind=case_type")})

    def test_a_posting_is_of_the_own_register(self):
        court = self.sit.get("/api/v1/courts?code=INTAKE-1").json()["items"]
        if not court:
            self.send(self.fresh_period())
            court = self.sit.get("/api/v1/courts?code=INTAKE-1").json()["items"]
        branch = uuid.uuid4().hex[:8]
        body = {"judge_id": self.judge_id, "court_id": court[0]["id"], "branch": branch, "title": "رئیس شعبه", "from": "۱۴۰۰-۰۱-۰۱",
                "judicial_base": 7, "order_number": "۱۲/۳۴"}
        problem(self, self.sit.post("/api/v1/postings", body), 422)
        problem(self, self.judge.post("/api/v1/postings", body), 403)
        answer = self.hrd.post("/api/v1/postings", body)
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual((answer.json()["from"], answer.json()["to"], answer.json()["order_number"]), ("2021-03-21", None, "۱۲/۳۴"))
        problem(self, self.hrd.post("/api/v1/postings", body), 409, "DUPLICATE")
        problem(self, self.hrd.post("/api/v1/postings", {**body, "to": "2001-01-01"}), 422)
        path = f"/api/v1/postings/{answer.json()['id']}"
        self.assertEqual(self.judge.get(path).json()["branch"], branch)
        problem(self, self.stack.client("judge.two").get(path), 404)
        period = self.fresh_period()
        answer = self.hrd.post("/api/v1/availability", {"judge_id": self.judge_id, "period": period, "leave_days": 3})
        self.assertEqual(answer.status, 201, answer)
        self.assertEqual((answer.json()["leave_days"], answer.json()["other_duty_permille"]), (3, None))
        self.assertIn(answer.json()["id"], {item["id"] for item in self.judge.get("/api/v1/availability?limit=500").json()["items"]})
        problem(self, self.hrd.post("/api/v1/availability", {"judge_id": self.judge_id, "period": period}), 422)

    # ---- the life of a batch -----------------------------------------------------------------------------------

    def move(self, identity, to, client=None):
        path = f"/api/v1/contributions/{identity}"
        match = {"If-Match": (client or self.sit).get(path).header("ETag")}
        return (client or self.sit).request("POST", f"{path}/moves", json_body={"to": to}, headers=match)

    def test_a_held_batch_is_in_force_from_its_acceptance(self):
        sent = self.send(self.fresh_period(), client=self.stack.client("hrd.contributor"), hold=True)
        self.assertEqual((sent.status, sent.json()["state"]), (201, "received"), sent)
        identity = sent.json()["id"]
        self.assertIsNone(self.fact(identity, self.hrd))
        problem(self, self.move(identity, "published", self.hrd), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.move(identity, "validated", self.hrd).status, 200)
        problem(self, self.hrd.post(f"/api/v1/contributions/{identity}/moves", {"to": "accepted"}), 428)
        done = self.move(identity, "accepted", self.hrd)
        self.assertEqual((done.status, done.json()["state"]), (200, "accepted"), done)
        self.assertIsNotNone(self.fact(identity, self.hrd))
        self.assertEqual(self.move(identity, "published", self.hrd).json()["state"], "published")
        own = self.send(self.fresh_period(), hold=True).json()["id"]
        self.assertEqual(self.move(own, "validated").status, 200)
        document = problem(self, self.move(own, "accepted"), 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], ["DISTINCT_PERSON"])
        problem(self, self.sit.request("POST", f"/api/v1/contributions/{identity}/moves", json_body={"to": "accepted"},
                                       headers={"If-Match": "*"}), 404)

    def test_the_other_is_another_person_and_not_another_account(self):
        """Two accounts of one judge do not accept each other's batch, a third person does."""
        people = {"intake.hand": ("HRD-0041",), "intake.second": ("HRD-0041",), "intake.third": ("HRD-0042",)}
        self.stack.add_accounts({name: ("SIT", "-", "unit-manager", name, f"HRD:{judge}", "person")
                                 for name, (judge,) in people.items() if name not in self.stack.accounts})
        identity = self.send(self.fresh_period(), client=self.stack.client("intake.hand"), hold=True).json()["id"]
        self.assertEqual(self.move(identity, "validated").status, 200)
        for name in ("intake.second", "intake.hand"):
            document = problem(self, self.move(identity, "accepted", self.stack.client(name)), 409, "GUARD_UNMET")
            self.assertEqual([fault["code"] for fault in document["errors"]], ["DISTINCT_PERSON"], name)
        self.assertEqual(self.move(identity, "accepted", self.stack.client("intake.third")).json()["state"], "accepted")

    def test_a_successor_takes_the_place_of_a_batch(self):
        period = self.fresh_period()
        first = self.send(period).json()["id"]
        problem(self, self.send(period, "2,1,0,0,0,1,2"), 422, "ROWS_REJECTED")
        data = LOAD + f"HRD-0001,INTAKE-1,{period},2,1,0,0,0,1,2\n"
        body = {"kind": "workload", "format": "csv", "data": data, "supersedes": first}
        dry = self.sit.post("/api/v1/contributions?dry_run=true", body)
        self.assertEqual((dry.status, dry.json()["rows_ok"]), (200, 1), dry)
        self.assertEqual(self.fact(first)["pending_start"], 1)
        second = self.sit.post("/api/v1/contributions", body)
        self.assertEqual(second.status, 201, second)
        identity = second.json()["id"]
        self.assertIsNone(self.fact(first))
        self.assertEqual(self.fact(identity)["pending_start"], 2)
        old = self.sit.get(f"/api/v1/contributions/{first}").json()
        self.assertEqual((old["state"], old["superseded_by"]), ("superseded", identity))
        self.assertEqual(self.sit.get(f"/api/v1/contributions/{identity}").json()["supersedes"], first)
        problem(self, self.sit.post("/api/v1/contributions", body), 409, "CONFLICT")
        problem(self, self.sit.post("/api/v1/contributions", {**body, "supersedes": str(uuid.uuid4())}), 404)

    def test_case_types_share_a_period(self):
        period = self.fresh_period()
        head = LOAD.rstrip() + ",case_type,on_time,hearings\n"
        rows = "".join(f"HRD-0001,INTAKE-1,{period},1,1,0,0,0,1,1,{case},1,۴\n" for case in ("civil", "FAMILY"))
        sent = self.sit.post("/api/v1/contributions", {"kind": "workload", "format": "csv", "data": head + rows})
        self.assertEqual(sent.status, 201, sent)
        items = self.sit.get(f"/api/v1/facts?contribution_id={sent.json()['id']}").json()["items"]
        self.assertEqual({(item["case_type"], item["on_time"], item["hearings"], item["first_date_held"]) for item in items},
                         {("CIVIL", 1, 4, None), ("FAMILY", 1, 4, None)})
        bad = head + f"HRD-0001,INTAKE-1,{period},1,1,0,0,0,1,1,GOSSIP,2,\n"
        document = problem(self, self.sit.post("/api/v1/contributions", {"kind": "workload", "format": "csv", "data": bad}), 422)
        self.assertEqual({fault["code"] for fault in document["errors"]}, {"UNKNOWN_CASE_TYPE"})


if __name__ == "__main__":
    unittest.main()
