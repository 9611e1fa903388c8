# SPDX-License-Identifier: Apache-2.0
"""Does a search of the record across units take two security officers, where the house wants it? The approval is for one question alone, of one
person, for a stated time. A stack of its own; without the setting one officer searches (test_audit_search.py)."""

import time
import unittest

from approval_case import approve, ask
from stack import Stack, problem, recorded
from test_audit_search import search

LOG = "00000000-0000-4000-8000-00000000000a"  # whatever: the parameters bind


class FourEyes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(env={"SANJEH_AUDIT_SEARCH_FOUR_EYES": "1"})
        cls.stack.add_accounts({"officer.two": ("-", "-", "security-officer", "مسئول دوم"),
                                "officer.hrd": ("HRD", "-", "security-officer", "مسئول معاونت")})
        cls.officer = cls.stack.client("security.officer")

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def refused(self, query, code, who=None):
        answer = search(who or self.officer, query)
        document = problem(self, answer, 409, "GUARD_UNMET")
        self.assertEqual(document["errors"][0]["code"], code, document)
        return recorded(self, answer)

    def asked(self, parameters, **more):
        made = ask(self.stack, "security.officer", "log:search", LOG, parameters, **more)
        self.assertEqual(made.status, 201, made)
        return made, f"&approval={made.json()['id']}"

    def test_attack_23_a_search_across_units_takes_two_officers(self):
        for query in ("action=judge:read", "unit=HRD", "", "unit=HRD&action=judge:read"):
            index = self.refused(query, "NO_APPROVAL")
        query = "action=audit:read&from=0"
        made, approval = self.asked({"action": "audit:read", "from": "0"})
        self.refused(query + approval, "NOT_APPROVED")
        self.assertEqual(approve(self.stack, "officer.two", made).json()["state"], "approved")
        for more in ("", "&limit=1", "&counts=all"):  # until it ends, each page
            answer = search(self.officer, query + approval + more)
            self.assertEqual(answer.status, 200, answer)
        answer = search(self.officer, f"{query}{approval}&limit=1&cursor={search(self.officer, query + approval + '&limit=1').json()['next']}")
        self.assertEqual(answer.status, 200, answer)
        index = recorded(self, self.officer.request("GET", f"/api/v1/audit/entries?{query}",
                                                    headers={"Sanjeh-Approval": made.json()["id"], "Sanjeh-Reason": "a monthly control"}))
        detail = self.officer.get(f"/api/v1/audit/entries/{index}").json()["detail"]
        self.assertIn(f";approval={made.json()['id']}", detail)
        for other in ("action=self:read", "action=audit:read&from=1", "action=judge:read&from=0", "action=audit:read&from=0&unit=HRD",
                      "action=audit:read&from=0&outcome=denied"):
            self.refused(other + approval, "OTHER_OPERATION")
        self.refused(query + approval, "NO_APPROVAL", self.stack.client("officer.two"))  # what another one asked for is not there
        problem(self, search(self.officer, query + "&approval=mine"), 400)
        self.refused(query + f"&approval={LOG}", "NO_APPROVAL")

    def test_an_approval_ends(self):
        _, approval = self.asked({"action": "self:read"}, expires_in=1)
        deadline = time.time() + 15
        while time.time() < deadline:
            document = search(self.officer, "action=self:read" + approval).json()
            if document["errors"][0]["code"] == "EXPIRED":
                break
            time.sleep(0.2)
        self.refused("action=self:read" + approval, "EXPIRED")

    def test_the_own_unit_takes_a_reason_alone(self):
        local = self.stack.client("officer.hrd")
        self.assertEqual(search(local, "unit=HRD").status, 200)
        self.assertEqual(search(local, "unit=HRD&action=judge:read").status, 200)
        self.refused("unit=SC", "NO_APPROVAL", local)
        self.refused("action=judge:read", "NO_APPROVAL", local)


if __name__ == "__main__":
    unittest.main()
