# SPDX-License-Identifier: Apache-2.0
"""Access requests of AuthZEN: what only an approval is missing from is asked for, approved by persons with both factors, brought along,
and bound to the one question; everything that must not count does not."""

import json
import time
import uuid

from approval_case import approve
from stack import ROOT, SharedTest, problem

DOMAIN = "disposal"
BASE = f"/access/v1/{DOMAIN}"
CLIENT = "archive.system"
APPROVERS = ("archive.keeper1", "archive.keeper2", "archive.keeper3", "archive.keeper4", "archive.keeper5", "archive.keeper6")


class AccessRequests(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.document = json.loads((ROOT / f"policies/domains/{DOMAIN}.json").read_text())
        answer = cls.put(cls.document)
        assert answer.status in (200, 201), answer
        new = {CLIENT: ("-", "-", "decision-client", "سامانه بایگانی"), "archive.other": ("-", "-", "decision-client", "سامانه دیگر")}
        new |= {name: ("-", "-", "domain-approver", "مسئول بایگانی") for name in APPROVERS}
        cls.stack.add_accounts({name: account for name, account in new.items() if name not in cls.stack.accounts})
        cls.client = cls.stack.client(CLIENT)
        cls.serial = 0

    @classmethod
    def put(cls, document):
        return cls.stack.client("admin.one").request("PUT", f"/api/v1/policy-domains/{DOMAIN}", json_body=document)

    def box(self):
        """A box that no other test speaks of."""
        type(self).serial += 1
        return f"box-{uuid.uuid4()}"

    @staticmethod
    def question(action="destroy", box="box-1", subject="mina", **context):
        known = {} if box in ("box-1", "box-2", "box-3") else {"properties": {"held": False}}
        return {"subject": {"type": "user", "id": subject}, "action": {"name": action}, "resource": {"type": "box", "id": box, **known},
                "context": context}

    def evaluate(self, question):
        answer = self.client.post(f"{BASE}/evaluation", question)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def refused(self, question):
        told = self.evaluate(question)
        self.assertFalse(told["decision"], told)
        return told["context"]

    def asked(self, question, reason="اسناد کهنه", **headers):
        offer = self.refused(question)["access_request"]
        return self.client.post(f"{BASE}/requests", {**question, "reason": reason, "evaluation_id": offer["evaluation_id"]}, headers=headers)

    def task(self, question):
        answer = self.asked(question)
        self.assertEqual(answer.status, 202, answer)
        return answer.json()

    def status(self, task):
        answer = self.client.get(task["status_endpoint"])
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def vote(self, name, task):
        return approve(self.stack, name, self.stack.client(name).get(f"/api/v1/approvals/{task['id']}"))

    @staticmethod
    def bring(question, approval):
        return {**question, "context": {**question["context"], "approval": {"id": approval}}}

    def reason(self, question, approval):
        told = self.refused(self.bring(question, approval))["approval"]
        return told["reason"], told["next_action"]

    def test_an_approval_of_two_persons_permits_the_question_and_no_other(self):
        box = self.box()
        question = self.question(box=box)
        offer = self.refused(question)["access_request"]
        self.assertEqual(offer["approvals"], 2)
        made = self.asked(question)
        self.assertEqual((made.status, made.json()["status"], made.json()["need"]), (202, "pending", 2), made)
        task = made.json()
        self.assertEqual(made.header("Location"), task["status_endpoint"])
        self.assertEqual(self.reason(question, task["id"]), ("grant_pending", "retry"))
        self.assertEqual(self.vote(APPROVERS[0], task).status, 200)
        self.assertEqual(self.status(task)["status"], "pending")
        self.assertEqual(self.reason(question, task["id"]), ("grant_pending", "retry"))
        self.assertEqual(self.vote(APPROVERS[1], task).status, 200)
        done = self.status(task)
        self.assertEqual((done["status"], done["result"]["mode"], done["result"]["approval"]["id"]), ("approved", "reevaluate", task["id"]))
        self.assertTrue(self.evaluate(self.bring(question, task["id"]))["decision"])
        self.assertTrue(self.evaluate(self.bring(question, task["id"]))["decision"], "until it ends")
        both = self.client.post(f"{BASE}/evaluations", {**self.bring(question, task["id"]), "evaluations": [
            {}, {"resource": {"type": "box", "id": self.box()}}]}).json()["evaluations"]
        self.assertEqual([item["decision"] for item in both], [True, False])
        others = (self.question(box=self.box()), self.question(box=box, subject="omid"),
                  self.question(box=box, note="x"), self.question("lend", box=box),
                  {**question, "resource": {**question["resource"], "properties": {"held": False, "colour": "red"}}})
        for other in others:
            self.assertEqual(self.reason(other, task["id"]), ("out_of_scope", "request"), other)
        # the name of an id that is no approval of this kind
        for wrong in (str(uuid.uuid4()), "x", ""):
            self.assertEqual(self.reason(question, wrong), ("approval_unverifiable", "request"), wrong)

    def test_the_approver_sees_what_it_is_about_and_the_record_has_both(self):
        question = self.question(box=self.box())
        task = self.task(question)
        seen = self.stack.client(APPROVERS[2]).get(f"/api/v1/approvals/{task['id']}").json()
        self.assertEqual(seen["parameters"], {"action": "destroy", "by_role": "keeper", "domain": DOMAIN, "resource_id": question["resource"]["id"],
                                              "resource_type": "box", "rule": "Q1", "subject_id": "mina", "subject_type": "user"})
        self.assertEqual(seen["by_role"], "domain-approver")
        voted = self.vote(APPROVERS[2], task)
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{voted.header('Audit-Index')}").json()
        self.assertIn("approve=decision:request", entry["detail"])
        for name in (CLIENT, "admin.one", "hrd.manager"):
            answer = self.stack.client(name).post(f"/api/v1/approvals/{task['id']}/approve", {"method": "password+totp", "password": "x" * 12,
                                                                                               "code": "000000"})
            self.assertIn(answer.status, (403, 404), name)
        rejected = self.stack.client(APPROVERS[3]).post(f"/api/v1/approvals/{task['id']}/reject", {}, headers={"If-Match": voted.header("ETag")})
        self.assertEqual(rejected.status, 200, rejected)
        self.assertEqual(self.status(task)["status"], "denied")
        self.assertEqual(self.reason(question, task["id"]), ("approval_denied", "request"))

    def test_nobody_counts_approvals_but_this_server(self):
        self.assertFalse(self.evaluate(self.question(box=self.box(), approvals=9))["decision"])
        found = self.client.post(f"{BASE}/search/action", {"subject": {"type": "user", "id": "mina"}, "resource": {"type": "box", "id": "box-1"},
                                                          "context": {"approvals": 9, "acr": 2}}).json()["results"]
        self.assertEqual([item["name"] for item in found], ["read"])

    def test_where_an_approval_alone_does_not_help_none_is_offered(self):
        for question in (self.question("lend"), self.question(box="box-3"), self.question("fly"), self.question(subject="nobody")):
            told = self.refused(question)
            self.assertNotIn("access_request", told, question)
            body = {**question, "reason": "برای آزمون", "evaluation_id": f"{uuid.uuid4()}.9999999999"}
            document = problem(self, self.client.post(f"{BASE}/requests", body), 409, "GUARD_UNMET")
            self.assertEqual(document["errors"][0]["code"], "POLICY_DENIED")
        offered = self.refused(self.question("lend", acr=2))
        self.assertEqual(offered["access_request"]["approvals"], 1)
        free = {**self.question("read"), "reason": "برای آزمون", "evaluation_id": "x"}
        self.assertEqual(problem(self, self.client.post(f"{BASE}/requests", free), 409, "GUARD_UNMET")["errors"][0]["code"], "PERMITTED")
        self.assertEqual(set(self.client.post(f"{BASE}/evaluation?bare=1", self.question()).json()), {"decision"})

    def test_a_request_names_the_refusal_and_a_reason(self):
        question = self.question(box=self.box())
        offer = self.refused(question)["access_request"]["evaluation_id"]
        other = self.refused(self.question(box=self.box()))["access_request"]["evaluation_id"]
        old = f"{offer.split('.')[0]}.{int(time.time()) - 5}"
        cases = (({"evaluation_id": other}, 400), ({"evaluation_id": old}, 400), ({"evaluation_id": None}, 400), ({"reason": None}, 400),
                 ({"reason": 7}, 400), ({"reason": "  "}, 422), ({"reason": "x" * 4001}, 422), ({"reason": "a\u202eb"}, 422),
                 ({"subject": None}, 400), ({"resource": {"type": "box", "id": "b" * 5000, "properties": {"held": False}}}, 400))
        for change, status in cases:
            answer = self.client.post(f"{BASE}/requests", {**question, "reason": "برای آزمون", "evaluation_id": offer, **change})
            self.assertEqual(answer.status, status, (change, answer))
        self.assertEqual(self.client.post("/access/v1/no-such-domain/requests", question).status, 404)
        problem(self, self.stack.client("hrd.manager").post(f"{BASE}/requests", question), 403, "FORBIDDEN")
        task = self.task(question)
        self.assertEqual(self.stack.client("archive.other").get(task["status_endpoint"]).status, 404, "of another system")
        self.assertEqual(self.client.get(f"{BASE}/requests/{uuid.uuid4()}").status, 404)
        direct = self.client.post("/api/v1/approvals", {"action": "decision:request", "object": str(uuid.uuid4()), "parameters": {}, "reason": "x"})
        self.assertIn(direct.status, (403, 422), direct)

    def test_sent_twice_it_is_asked_once(self):
        question = self.question(box=self.box())
        offer = self.refused(question)["access_request"]["evaluation_id"]
        body = {**question, "reason": "یک بار", "evaluation_id": offer}
        key = {"Idempotency-Key": str(uuid.uuid4())}
        first, second = (self.client.post(f"{BASE}/requests", body, headers=key) for _ in range(2))
        self.assertEqual((first.status, second.status), (202, 202))
        self.assertEqual(first.json()["id"], second.json()["id"])

    def test_it_ends_and_a_policy_that_has_changed_decides_anew(self):
        question = self.question("lend", box=self.box(), acr=2)
        task = self.task(question)
        self.assertEqual(self.vote(APPROVERS[4], task).status, 200)
        self.assertTrue(self.evaluate(self.bring(question, task["id"]))["decision"])
        narrower = json.loads(json.dumps(self.document))
        narrower["policy"]["rules"].append({"id": "F2", "effect": "forbid", "do": ["box:lend"], "when": ["ge", "context.acr", 2], "code": "E_CLOSED"})
        self.assertEqual(self.put(narrower).status, 200)
        self.assertEqual(self.reason(question, task["id"]), ("policy_denied", "none"))
        self.assertEqual(self.put(self.document).status, 200)
        self.assertTrue(self.evaluate(self.bring(question, task["id"]))["decision"])
        # time: the row's end is moved past the product, so its seal does not fit, and with the old end again it does
        ends = self.stack.sql(f"select expires_at from sanjeh.approval where id = '{task['id']}'")
        change = "begin; set local session_replication_role = replica; update sanjeh.approval set {} where id = '{}'; commit;"
        self.stack.sql(change.format("expires_at = now() + interval '1 year'", task["id"]))
        self.assertEqual(self.reason(question, task["id"]), ("approval_unverifiable", "request"))
        self.stack.sql(change.format(f"expires_at = '{ends}'", task["id"]))
        self.assertTrue(self.evaluate(self.bring(question, task["id"]))["decision"])
        # a vote that a superuser wrote
        other = self.task(self.question("lend", box=self.box(), acr=2))
        voter = self.stack.accounts[APPROVERS[5]]["id"]
        self.stack.sql(f"""begin; set local session_replication_role = replica;
            insert into sanjeh.approval_vote (approval_id, person_id, account_id, account_unit, role, approves, method, voted_at, requested_by, seal)
            values ('{other['id']}', '{voter}', '{voter}', null, 'domain-approver', true, 'password+totp', now(),
                    '{self.stack.accounts[CLIENT]['id']}', sha256('x'));
            update sanjeh.approval set state = 'approved', decided_at = now(), version = 2 where id = '{other['id']}'; commit;""")
        lent = self.question("lend", box=json.loads(self.stack.sql(f"select parameters from sanjeh.approval where id = '{other['id']}'"))["resource_id"],
                             acr=2)
        self.assertEqual(self.reason(lent, other["id"]), ("approval_unverifiable", "request"))

    def test_metadata_says_that_it_is_there(self):
        told = self.stack.anonymous().get(f"/.well-known/authzen-configuration/{DOMAIN}").json()
        self.assertTrue(told["access_request_endpoint"].endswith(f"{BASE}/requests"))
        self.assertIn("urn:openid:authzen:capability:access-request", told["capabilities"])
        self.assertNotIn("access_request_endpoint", self.stack.anonymous().get("/.well-known/authzen-configuration").json())


if __name__ == "__main__":
    import unittest
    unittest.main()
