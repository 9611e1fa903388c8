# SPDX-License-Identifier: Apache-2.0
"""What the tests of roles share: a server of their own with a policy that uses every limit of a role, and its clock."""

import json
import os
import subprocess
import tempfile
import time
import unittest

from stack import ACCOUNTS, ROOT, Stack, problem

ROSTER = "personnel_number,name\n" + "".join(f"R-{n:03},قاضی نمونه {name}\n" for n, name in enumerate("ابپتثج", 1))


def test_policy(**changes):
    """The shipped policy, and roles with every limit: none of them is given a permission that the others lack."""
    policy = json.loads((ROOT / "policies/default/policy.json").read_text(encoding="utf-8"))
    policy["id"] = "roles"
    roles = policy["roles"]
    roles["unit-manager"].update(assignable=["unit-contributor", "brief", "few", "looked-at", "wide"], never_self=True)
    roles["brief"] = {"title": "Ends soon", "inherits": ["member"], "max_days": 10}
    roles["few"] = {"title": "One holder", "inherits": ["member"], "max_holders": 1}
    roles["looked-at"] = {"title": "Recertified", "inherits": ["member"], "recertify_days": 20}
    roles["wide"] = {"title": "Analyst by inheritance", "inherits": ["analyst"]}
    roles["guarded"] = {"title": "On demand", "inherits": ["member"],
                        "activation": {"mode": "on_demand", "max_minutes": 30, "acr": 2}}
    roles["quick"] = {"title": "On demand, no step-up", "inherits": ["member"], "activation": {"mode": "on_demand", "max_minutes": 5}}
    roles["left"] = {"title": "Never with right", "inherits": ["member"]}
    roles["right"] = {"title": "Never with left", "inherits": ["member"]}
    roles["glass"] = {"title": "By break-glass alone", "only_via": "break_glass"}
    roles["administrator"]["assignable"] += ["brief", "few", "looked-at", "wide", "guarded", "quick", "left", "right", "glass"]
    policy["sod"] += [{"id": "T1", "kind": "dynamic", "roles": ["left", "right"], "n": 2}]
    policy["rules"] += [
        {"id": "T2", "effect": "permit", "roles": ["unit-manager"], "scope": "unit",
         "do": ["assignment:list", "assignment:read", "assignment:create", "assignment:update", "assignment:certify", "assignment:revoke"]},
        {"id": "T3", "effect": "permit", "roles": ["guarded", "quick", "left"], "scope": "all", "do": ["reference:list"]}]
    policy["delegation"] = {"roles": ["unit-contributor", "brief"], "max_days": 14, "depth": 2, "sod_applies": True}
    policy.update(changes)
    return policy


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class RbacTest(unittest.TestCase):
    ACCOUNTS = ("hrd.manager", "admin.one", "security.officer")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sanjeh-policy-", dir=os.environ["SANJEH_BUILD"])
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        cls.policy = test_policy()
        with open(os.path.join(folder.name, "policy.json"), "w", encoding="utf-8") as out:
            json.dump(cls.policy, out, ensure_ascii=False)
        cls.stack = Stack.own(accounts=cls.ACCOUNTS, env={"SANJEH_POLICY_FOLDER": folder.name, "SANJEH_EVALUATION_TEST_CLOCK": "1",
                                                         "SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.admin = cls.stack.client("admin.one")
        cls.made = 0

    def account(self, roles="member", unit="HRD", compartment="-", *person):
        """A fresh account; its user name and id."""
        type(self).made += 1
        name = f"t{self.made}.{self.id().rsplit('.', 1)[1][:40].replace('_', '-').lower()}"
        self.stack.add_accounts({name: (unit, compartment, roles, "حساب آزمون", *person)})
        return name, self.stack.accounts[name]["id"]

    def clock(self, *words):
        done = subprocess.run([str(self.stack.build / "server/sanjeh"), "clock", words[0], "--config", str(self.stack.folder / "sanjehd.conf"),
                               *words[1:]], capture_output=True, text=True, timeout=60,
                              env={**os.environ, **self.stack.env})
        self.assertEqual(done.returncode, 0, done.stderr)

    def at(self, days=0, minutes=0):
        """RFC 3339, from the clock of the server."""
        return self.stack.sql(f"select to_char((sanjeh.clock_now() + interval '{days} days {minutes} minutes') at time zone 'UTC', "
                              "'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')")

    def grant(self, account, role, client=None, **more):
        return (client or self.admin).post("/api/v1/assignments", {"account_id": account, "role": role, **more})

    def granted(self, account, role, client=None, **more):
        answer = self.grant(account, role, client, **more)
        self.assertEqual(answer.status, 201, answer)
        return answer

    def refused(self, answer, status, code, pointer=None):
        document = problem(self, answer, status)
        self.assertIn(code, [fault["code"] for fault in document.get("errors", [])], document)
        if pointer:
            self.assertIn(pointer, [fault["pointer"] for fault in document["errors"]])
        return document

    def roles(self, client):
        return client.get("/api/v1/me").json()["roles"]

    def states(self, client):
        return {item["role"]: item["state"] for item in client.get("/api/v1/sessions/current/roles").json()["items"]}

    def soon(self, what, expected, seconds=1.0):
        """Effective within a second, and then it stays."""
        deadline = time.monotonic() + seconds
        while what() != expected and time.monotonic() < deadline:
            time.sleep(0.02)
        self.assertEqual(what(), expected)


__all__ = ["ACCOUNTS", "ROSTER", "RbacTest", "problem", "tag", "test_policy"]
