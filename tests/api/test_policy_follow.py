# SPDX-License-Identifier: Apache-2.0
"""What one server puts into force is in force on every other within a second. What a second
server sees is shown with one (two of them: test_two_servers.py): a server that knows of no activation meets, while it runs,
the very rows that another process signed and activated, and the notification of the database's own trigger."""

import json
import time
import unittest

from approval_case import stepped_up
from stack import ROOT, Stack

POLICIES = "/api/v1/policies"
DEFAULT = ROOT / "policies/default"
KEPT = ("policy_version", "policy_head", "approval", "approval_vote")


class Follow(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(("policy.author", "signer.one", "signer.two", "hrd.contributor"))

    @classmethod
    def tearDownClass(cls):
        for client in cls.stack._clients.values():
            client.close()
        cls.stack.destroy()

    def decision(self):
        """May a contributor list courts?"""
        return self.stack.client("hrd.contributor").get("/api/v1/courts").status

    def signed(self):
        """A version without lists of courts, drafted and signed by two."""
        document = json.loads((DEFAULT / "policy.json").read_text())
        tests = json.loads((DEFAULT / "tests.json").read_text())
        document["version"] += 1
        rule = next(rule for rule in document["rules"] if rule["id"] == "C3")
        rule["do"].remove("court:list")
        for test in tests["tests"]:
            if test["id"] in ("may unit-contributor", "may unit-manager"):
                del test["expect"]["court:list"]
        made = self.stack.client("policy.author").post(POLICIES, {"policy": json.dumps(document), "tests": json.dumps(tests)})
        self.assertEqual((made.status, made.json()["passed"]), (201, True), made)
        for name in ("signer.one", "signer.two"):
            path = f"{POLICIES}/{made.json()['id']}/sign"
            done = stepped_up(self.stack, name, path, made.header("ETag"), digest=made.json()["digest"])
            self.assertEqual(done.status, 200, done)
        return made

    def keep(self, name):
        self.stack.sql("".join(f"create table public.{name}_{table} as select * from sanjeh.{table};" for table in KEPT))

    def put_back(self, name, tables=KEPT):
        steps = "".join(f"delete from sanjeh.{table};" for table in reversed(tables))
        steps += "".join(f"insert into sanjeh.{table} select * from public.{name}_{table};" for table in tables)
        return f"set local session_replication_role = replica; {steps}"

    def test_an_activation_elsewhere_is_followed_within_a_second(self):
        made = self.signed()
        self.keep("before")
        self.assertEqual(self.decision(), 200)
        done = self.stack.client("signer.one").post(f"{POLICIES}/{made.json()['id']}/activate", {}, headers={"If-Match": made.header("ETag")})
        self.assertEqual((done.status, self.decision()), (200, 403), done)
        self.keep("after")
        # a server that has never heard of it
        self.stack.sql("begin;" + self.put_back("before") + "commit;")
        self.stack.stop()
        self.stack.start()
        self.assertEqual(self.decision(), 200)
        time.sleep(1.2)
        self.assertEqual(self.decision(), 200)
        # another one activates, in one transaction as it does
        rows = self.put_back("after", tuple(table for table in KEPT if table != "policy_head"))
        self.stack.sql(f"""begin; {rows} set local session_replication_role = origin;
            update sanjeh.policy_head set activation = (select activation from public.after_policy_head); commit;""")
        since = time.monotonic()
        while self.decision() != 403 and time.monotonic() < since + 3:
            time.sleep(0.01)
        self.assertEqual(self.decision(), 403)
        self.assertLess(time.monotonic() - since, 1.0)
        active = self.stack.client("signer.one").items(POLICIES + "?state=active")
        self.assertEqual([row["id"] for row in active], [made.json()["id"]])


if __name__ == "__main__":
    unittest.main()
