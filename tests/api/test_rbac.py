# SPDX-License-Identifier: Apache-2.0
"""INCITS 359 at the API: every function once as it succeeds, and once for each precondition that does not hold. Functions that say what
roles are make drafts of the policy; the text of the draft is what they did. docs/RBAC.md lists function, route, command and test."""

import json
import os
import re
import subprocess
import tempfile
import time
import unittest

import test_rbac_users
from rbac_case import RbacTest, problem, test_policy
from stack import ROOT, Stack, run

RBAC = "/api/v1/rbac/"
AUTHOR = "policy.author"
NOBODY = "00000000-0000-4000-8000-000000000000"
EDITS = ("AddRole", "DeleteRole", "GrantPermission", "RevokePermission", "AddInheritance", "DeleteInheritance", "AddAscendant", "AddDescendant",
         *(f"{verb}{kind}{noun}" for kind in ("Ssd", "Dsd") for verb, noun in (
             ("Create", "Set"), ("Delete", "Set"), ("Add", "RoleMember"), ("Delete", "RoleMember"), ("Set", "SetCardinality"))))


class Rbac(RbacTest):
    ACCOUNTS = (AUTHOR, "admin.one", "security.officer", "signer.one", "hrd.contributor", "hrd.manager")

    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory(prefix="sanjeh-policy-", dir=os.environ["SANJEH_BUILD"])
        cls.addClassCleanup(folder.cleanup)
        os.chmod(folder.name, 0o755)
        cls.policy = test_policy()
        cls.policy["roles"]["spare"] = {"title": "Nobody's", "inherits": ["member"]}
        cls.policy["roles"]["lent"] = {"title": "Delegable", "inherits": ["member"]}
        cls.policy["roles"]["administrator"]["assignable"] += ["lent"]
        cls.policy["delegation"]["roles"] += ["lent"]
        cls.policy["rules"] += [{"id": "T4", "effect": "permit", "roles": ["left", "spare"], "scope": "all", "do": ["reference:list"]},
                                {"id": "T5", "effect": "permit", "roles": ["spare"], "scope": "all", "do": ["audit:*"]}]
        cls.policy["sod"] += [{"id": "T6", "kind": "static", "roles": ["spare", "glass", "few"], "n": 2}]
        tests = {"format": "policy-tests/1", "policy": "roles", "now": "2026-01-01T00:00:00Z", "min_rule_coverage": 0,
                 "min_constraint_coverage": 0,
                 "tests": [{"id": "members see units", "subject": {"roles": ["member"]}, "do": ["unit:list"],
                            "expect": {"unit:list": {"decision": True, "by": ["M2"], "reach": "all"}}}]}
        for name, content in (("policy.json", cls.policy), ("tests.json", tests)):
            with open(os.path.join(folder.name, name), "w", encoding="utf-8") as out:
                json.dump(content, out, ensure_ascii=False)
        cls.stack = Stack.own(accounts=cls.ACCOUNTS, env={"SANJEH_POLICY_FOLDER": folder.name, "SANJEH_EVALUATION_TEST_CLOCK": "1",
                                                         "SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.admin = cls.stack.client("admin.one")
        cls.author = cls.stack.client(AUTHOR)
        cls.made = 0

    # ---- helpers ----

    def setUp(self):
        self.rest()

    def rest(self):
        """Whoever waits for a code, or for a machine that is busy, outlives an idle connection."""
        for client in (self.admin, self.author, *self.stack._clients.values()):
            client.close()

    def account(self, roles="member"):
        type(self).made += 1
        name = f"rbac.no{self.made}"
        self.stack.add_accounts({name: ("HRD", "-", roles, "حساب آزمون")})
        self.rest()
        return name, self.stack.accounts[name]["id"]

    def edit(self, name, client=None, **arguments):
        return (client or self.author).post(RBAC + name, arguments)

    def edited(self, name, **arguments):
        """The document of the draft, and the draft."""
        answer = self.edit(name, **arguments)
        self.assertEqual(answer.status, 201, answer)
        draft = answer.json()
        self.assertEqual(draft["state"], "draft")
        self.assertTrue(draft["passed"], draft["report"])
        self.assertEqual(draft["previous"], self.in_force()["digest"])
        self.assertEqual(draft["number"], self.in_force()["number"] + 1)
        document = json.loads(draft["document"])
        self.assertEqual((document["version"], document["previous"]), (draft["number"], draft["previous"]))
        return document, draft

    def in_force(self):
        return [row for row in self.author.items("/api/v1/policies?state=active") if row["owner_unit"] is None][0]

    def changed(self, document, *sections):
        """What differs from the policy in force: nothing but these sections."""
        same = {key for key in set(document) | set(self.policy) if document.get(key) == self.policy.get(key)}
        self.assertEqual(set(document) - same - {"version", "previous"}, set(sections))

    def unmet(self, answer, rule, status=409):
        self.refused(answer, status, rule)

    def ask(self, name, client=None, **arguments):
        query = "&".join(f"{key}={value}" for key, value in arguments.items())
        return (client or self.admin).get(f"{RBAC}{name}?{query}" if query else RBAC + name)

    def told(self, name, client=None, **arguments):
        answer = self.ask(name, client, **arguments)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["items"]

    def set_of(self, document, name):
        return next((item for item in document["sod"] if item["id"] == name), None)

    # ---- administrative: roles ----

    def test_AddRole(self):
        document, _ = self.edited("AddRole", role="clerk", title="دفتردار")
        self.changed(document, "roles")
        self.assertEqual(document["roles"]["clerk"], {"title": "دفتردار"})
        self.assertEqual({**document["roles"], "clerk": None}, {**self.policy["roles"], "clerk": None})
        self.unmet(self.edit("AddRole", role="member"), "ROLE_EXISTS")
        self.refused(self.edit("AddRole", role="No Name"), 422, "INVALID")
        self.refused(self.edit("AddRole"), 422, "REQUIRED", "/role")
        problem(self, self.edit("AddRole", role="clerk", colour="red"), 400, "UNKNOWN_MEMBER")

    def test_DeleteRole(self):
        document, _ = self.edited("DeleteRole", role="spare")
        self.changed(document, "roles", "rules", "sod")
        self.assertNotIn("spare", json.dumps(document))
        self.unmet(self.edit("DeleteRole", role="king"), "NO_ROLE", 404)
        self.unmet(self.edit("DeleteRole", role="left"), "CARDINALITY")  # T1 would have one role for n = 2
        # whoever holds it is named before anything else: a role is taken from its users first
        _, account = self.account("member,lent")
        self.refused(self.edit("DeleteRole", role="lent"), 422, "ROLE_HELD")
        self.assertEqual(self.admin.post(RBAC + "DeassignUser", {"account_id": account, "role": "lent"}).status, 204)
        document, _ = self.edited("DeleteRole", role="lent")
        self.assertEqual(document["delegation"]["roles"], ["unit-contributor", "brief"])

    def test_DeleteRole_goes_out_of_rules_and_sets(self):
        document, _ = self.edited("DeleteRole", role="spare")
        rules = {rule["id"]: rule for rule in document["rules"]}
        self.assertEqual(rules["T4"]["roles"], ["left"])  # what others have by the rule stays
        self.assertNotIn("T5", rules)
        self.assertEqual(self.set_of(document, "T6")["roles"], ["glass", "few"])

    # ---- administrative: permissions ----

    def test_GrantPermission(self):
        document, draft = self.edited("GrantPermission", object="judge", operation="list", role="brief", scope="unit", read=["*"])
        self.changed(document, "rules")
        self.assertEqual(document["rules"][:-1], self.policy["rules"])
        self.assertEqual(document["rules"][-1], {"id": document["rules"][-1]["id"], "effect": "permit", "roles": ["brief"], "do": ["judge:list"],
                                                 "scope": "unit", "fields": {"read": ["*"]}})
        self.assertTrue(draft["widens"])
        self.unmet(self.edit("GrantPermission", object="judge", operation="list", role="king", scope="unit"), "NO_ROLE", 404)
        self.unmet(self.edit("GrantPermission", object="judge", operation="fly", role="brief", scope="unit"), "NO_PERMISSION", 404)
        self.unmet(self.edit("GrantPermission", object="dragon", operation="list", role="brief", scope="unit"), "NO_PERMISSION", 404)
        self.refused(self.edit("GrantPermission", object="judge", operation="list", role="brief", scope="moon"), 422, "INVALID")
        self.refused(self.edit("GrantPermission", object="judge", operation="list", role="brief"), 422, "REQUIRED", "/scope")

    def test_RevokePermission(self):
        document, draft = self.edited("RevokePermission", operation="read", object="court", role="unit-contributor")
        self.changed(document, "rules")
        self.assertFalse(draft["widens"])
        rules = {rule["id"]: rule for rule in document["rules"]}
        before = {rule["id"]: rule for rule in self.policy["rules"]}
        self.assertEqual(rules["C3"], {**before["C3"], "do": [do for do in before["C3"]["do"] if do != "court:read"]})
        self.assertEqual({**rules, "C3": None}, {**before, "C3": None})
        self.unmet(self.edit("RevokePermission", operation="read", object="court", role="king"), "NO_ROLE", 404)
        self.unmet(self.edit("RevokePermission", operation="fly", object="court", role="unit-contributor"), "NO_PERMISSION", 404)
        self.unmet(self.edit("RevokePermission", operation="read", object="court", role="unit-manager"), "NOT_GRANTED")  # inherited, not its own

    def test_RevokePermission_leaves_others_what_they_have(self):
        document, _ = self.edited("RevokePermission", operation="list", object="reference", role="quick")
        rules = [rule for rule in document["rules"] if "reference:list" in rule["do"] and rule["id"] == "T3"]
        self.assertEqual([rule["roles"] for rule in rules], [["guarded", "left"]])
        self.assertFalse([rule for rule in document["rules"] if rule.get("roles") == ["quick"]])  # nothing is left of it
        document, _ = self.edited("RevokePermission", operation="list", object="role", role="member")
        rule = next(rule for rule in document["rules"] if rule["id"] == "M2")
        self.assertEqual(rule["do"], ["unit:list", "unit:read"])
        document, _ = self.edited("RevokePermission", operation="read", object="audit", role="spare")
        rule = next(rule for rule in document["rules"] if rule["id"] == "T5")
        others = [f"audit:{verb}" for verb in self.policy["schema"]["types"]["audit"]["actions"] if verb != "read"]
        self.assertEqual(rule["do"], others)  # a pattern becomes what is left of it
        document, _ = self.edited("RevokePermission", operation="read", object="rbac", role="security-officer")
        self.assertNotIn("security-officer", next(rule for rule in document["rules"] if rule["id"] == "D5")["roles"])

    # ---- administrative: hierarchy ----

    def test_AddInheritance(self):
        document, _ = self.edited("AddInheritance", ascendant="brief", descendant="few")
        self.changed(document, "roles")
        self.assertEqual(document["roles"]["brief"]["inherits"], ["member", "few"])
        self.unmet(self.edit("AddInheritance", ascendant="king", descendant="member"), "NO_ROLE", 404)
        self.unmet(self.edit("AddInheritance", ascendant="member", descendant="king"), "NO_ROLE", 404)
        self.unmet(self.edit("AddInheritance", ascendant="brief", descendant="member"), "EDGE_EXISTS")
        self.unmet(self.edit("AddInheritance", ascendant="member", descendant="unit-manager"), "CYCLE")
        self.unmet(self.edit("AddInheritance", ascendant="member", descendant="member"), "CYCLE")
        self.unmet(self.edit("AddInheritance", ascendant="brief", descendant="few", hierarchy="limited"), "ONE_DESCENDANT")
        self.refused(self.edit("AddInheritance", ascendant="brief", descendant="few", hierarchy="flat"), 422, "UNKNOWN_VALUE", "/hierarchy")
        # somebody who holds both would have two of S10 by inheritance
        _, account = self.account("few,unit-contributor")
        answer = self.edit("AddInheritance", ascendant="few", descendant="analyst")
        self.unmet(answer, "SSD")
        self.assertIn("S10", answer.json()["errors"][0]["detail"])
        self.assertEqual(self.admin.post(RBAC + "DeassignUser", {"account_id": account, "role": "few"}).status, 204)
        self.edited("AddInheritance", ascendant="few", descendant="analyst")

    def test_AddInheritance_first_edge_and_limited(self):
        _, draft = self.edited("AddRole", role="clerk")
        document, draft = self.edited("AddInheritance", ascendant="clerk", descendant="member", hierarchy="limited", draft_id=draft["id"])
        self.assertEqual(document["roles"]["clerk"], {"inherits": ["member"]})
        self.unmet(self.edit("AddInheritance", ascendant="clerk", descendant="brief", hierarchy="limited", draft_id=draft["id"]), "ONE_DESCENDANT")
        document, _ = self.edited("AddInheritance", ascendant="clerk", descendant="brief", draft_id=draft["id"])
        self.assertEqual(document["roles"]["clerk"], {"inherits": ["member", "brief"]})

    def test_DeleteInheritance(self):
        document, _ = self.edited("DeleteInheritance", ascendant="unit-manager", descendant="unit-contributor")
        self.changed(document, "roles")
        self.assertNotIn("inherits", document["roles"]["unit-manager"])
        self.unmet(self.edit("DeleteInheritance", ascendant="king", descendant="member"), "NO_ROLE", 404)
        self.unmet(self.edit("DeleteInheritance", ascendant="brief", descendant="king"), "NO_ROLE", 404)
        self.unmet(self.edit("DeleteInheritance", ascendant="unit-manager", descendant="member"), "NO_EDGE")  # by two edges, not by one

    def test_AddAscendant(self):
        document, _ = self.edited("AddAscendant", ascendant="chief", descendant="unit-manager", title="رئیس")
        self.changed(document, "roles")
        self.assertEqual(document["roles"]["chief"], {"title": "رئیس", "inherits": ["unit-manager"]})
        self.unmet(self.edit("AddAscendant", ascendant="brief", descendant="member"), "ROLE_EXISTS")
        self.unmet(self.edit("AddAscendant", ascendant="chief", descendant="king"), "NO_ROLE", 404)

    def test_AddDescendant(self):
        document, _ = self.edited("AddDescendant", ascendant="brief", descendant="guest")
        self.changed(document, "roles")
        self.assertEqual((document["roles"]["brief"]["inherits"], document["roles"]["guest"]), (["member", "guest"], {}))
        self.unmet(self.edit("AddDescendant", ascendant="brief", descendant="few"), "ROLE_EXISTS")
        self.unmet(self.edit("AddDescendant", ascendant="king", descendant="guest"), "NO_ROLE", 404)
        self.unmet(self.edit("AddDescendant", ascendant="brief", descendant="guest", hierarchy="limited"), "ONE_DESCENDANT")

    # ---- administrative: separation of duty ----

    def sets(self, kind, known):
        document, _ = self.edited(f"Create{kind}Set", set="X1", roles=["brief", "few", "quick"], n=2, note="برای آزمون")
        self.changed(document, "sod")
        self.assertEqual(self.set_of(document, "X1"), {"id": "X1", "kind": {"Ssd": "static", "Dsd": "dynamic"}[kind],
                                                       "roles": ["brief", "few", "quick"], "n": 2, "note": "برای آزمون"})
        self.assertEqual(document["sod"][:-1], self.policy["sod"])
        for roles, n, rule, status in ((["brief", "few"], 1, "CARDINALITY", 409), (["brief", "few"], 3, "CARDINALITY", 409),
                                       (["brief", "king"], 2, "NO_ROLE", 404)):
            with self.subTest(roles=roles, n=n):
                self.unmet(self.edit(f"Create{kind}Set", set="X1", roles=roles, n=n), rule, status)
        self.unmet(self.edit(f"Create{kind}Set", set=known, roles=["brief", "few"], n=2), "SET_EXISTS")

    def changes_of_sets(self, kind):
        # a set of three, in a draft of its own
        _, draft = self.edited(f"Create{kind}Set", set="X1", roles=["brief", "few", "quick"], n=2)

        def of(name, **arguments):
            nonlocal draft
            document, draft = self.edited(name, draft_id=draft["id"], **arguments)
            return self.set_of(document, "X1")

        def no(rule, name, status=409, **arguments):
            self.unmet(self.edit(name, draft_id=draft["id"], **arguments), rule, status)
        self.assertEqual(of(f"Add{kind}RoleMember", set="X1", role="wide")["roles"], ["brief", "few", "quick", "wide"])
        no("MEMBER_EXISTS", f"Add{kind}RoleMember", set="X1", role="wide")
        no("NO_SET", f"Add{kind}RoleMember", 404, set="X9", role="wide")
        no("NO_ROLE", f"Add{kind}RoleMember", 404, set="X1", role="king")
        self.assertEqual(of(f"Set{kind}SetCardinality", set="X1", n=3)["n"], 3)
        for n in (0, 1, 5):
            no("CARDINALITY", f"Set{kind}SetCardinality", set="X1", n=n)
        no("NO_SET", f"Set{kind}SetCardinality", 404, set="X9", n=2)
        self.assertEqual(of(f"Delete{kind}RoleMember", set="X1", role="brief")["roles"], ["few", "quick", "wide"])
        no("CARDINALITY", f"Delete{kind}RoleMember", set="X1", role="few")  # n = 3 of two roles
        no("NO_MEMBER", f"Delete{kind}RoleMember", set="X1", role="brief")
        no("NO_SET", f"Delete{kind}RoleMember", 404, set="X9", role="few")
        no("NO_ROLE", f"Delete{kind}RoleMember", 404, set="X1", role="king")
        self.assertIsNone(of(f"Delete{kind}Set", set="X1"))
        no("NO_SET", f"Delete{kind}Set", 404, set="X1")
        self.assertEqual(json.loads(draft["document"])["sod"], self.policy["sod"])

    def test_CreateSsdSet(self):
        self.sets("Ssd", "S1")
        self.unmet(self.edit("DeleteSsdSet", set="T1"), "NO_SET", 404)  # the other kind's

    def test_SsdSets_change(self):
        self.changes_of_sets("Ssd")

    def test_CreateDsdSet(self):
        self.sets("Dsd", "T1")
        self.unmet(self.edit("DeleteDsdSet", set="S1"), "NO_SET", 404)

    def test_DsdSets_change(self):
        self.changes_of_sets("Dsd")

    def test_SsdSets_hold_for_who_is_there(self):
        """A static set that somebody would break already: not created, not grown into, its n not lowered to it."""
        self.account("member,few,wide")
        self.unmet(self.edit("CreateSsdSet", set="X2", roles=["few", "analyst"], n=2), "SSD")  # wide inherits analyst
        _, draft = self.edited("CreateSsdSet", set="X2", roles=["few", "analyst", "left"], n=3)
        self.unmet(self.edit("SetSsdSetCardinality", set="X2", n=2, draft_id=draft["id"]), "SSD")
        _, draft = self.edited("CreateSsdSet", set="X3", roles=["few", "left"], n=2)
        self.unmet(self.edit("AddSsdRoleMember", set="X3", role="wide", draft_id=draft["id"]), "SSD")
        self.unmet(self.edit("AddInheritance", ascendant="few", descendant="left", draft_id=draft["id"]), "SSD")

    # ---- drafts ----

    def test_an_edit_replaces_the_own_draft_and_nothing_else(self):
        _, first = self.edited("AddRole", role="clerk")
        document, second = self.edited("AddDescendant", ascendant="clerk", descendant="guest", draft_id=first["id"])
        self.assertEqual(document["roles"]["clerk"], {"inherits": ["guest"]})
        self.assertEqual(self.author.get(f"/api/v1/policies/{first['id']}").status, 404)
        self.assertNotEqual(first["approval_id"], second["approval_id"])
        # a refused edit leaves the draft as it is
        self.unmet(self.edit("AddRole", role="clerk", draft_id=second["id"]), "ROLE_EXISTS")
        self.assertEqual(self.author.get(f"/api/v1/policies/{second['id']}").status, 200)
        self.unmet(self.edit("AddRole", role="x", draft_id=self.in_force()["id"]), "NO_DRAFT")
        problem(self, self.edit("AddRole", role="x", draft_id=NOBODY), 404, "NOT_FOUND")
        # another author's draft
        name, _ = self.account("policy-author")
        problem(self, self.edit("AddRole", self.stack.client(name), role="x", draft_id=second["id"]), 403, "FORBIDDEN")

    def test_tests_come_with_an_edit(self):
        tests = {"format": "policy-tests/1", "policy": "roles", "now": "2026-01-01T00:00:00Z", "min_rule_coverage": 0,
                 "min_constraint_coverage": 0,
                 "tests": [{"id": "no clerk reads", "subject": {"roles": ["clerk"]}, "do": ["unit:list"],
                            "expect": {"unit:list": {"decision": True, "by": ["M2"], "reach": "all"}}}]}
        answer = self.edit("AddRole", role="clerk", tests=json.dumps(tests))
        self.assertEqual((answer.status, answer.json()["passed"]), (201, False), answer)
        document, _ = self.edited("AddInheritance", ascendant="clerk", descendant="member", draft_id=answer.json()["id"])
        self.assertIn("clerk", document["roles"])

    def test_who_may(self):
        for name in EDITS:
            for who in ("admin.one", "signer.one", "security.officer", "hrd.manager"):
                with self.subTest(name, who=who):
                    problem(self, self.edit(name, self.stack.client(who), role="x"), 403, "FORBIDDEN")
        for who in ("hrd.contributor", "hrd.manager"):
            problem(self, self.ask("AssignedUsers", self.stack.client(who), role="member"), 403, "FORBIDDEN")

    # ---- administrative: users and their roles ----

    def test_AssignUser(self):
        name, account = self.account("member")
        assign = lambda **body: self.admin.post(RBAC + "AssignUser", body)
        made = assign(account_id=account, role="brief")
        self.assertEqual(made.status, 201, made)
        self.assertEqual(self.roles(self.stack.client(name)), ["member", "brief"])
        self.refused(assign(account_id=account, role="brief"), 422, "DUPLICATE")
        self.refused(assign(account_id=account, role="king"), 422, "UNKNOWN", "/role")
        problem(self, assign(account_id=NOBODY, role="brief"), 404, "NOT_FOUND")
        self.assertEqual(assign(account_id=account, role="unit-contributor").status, 201)
        self.refused(assign(account_id=account, role="wide"), 422, "SEPARATION")  # S10, by inheritance

    def test_DeassignUser(self):
        name, account = self.account("member,unit-contributor")
        client = self.stack.client(name)
        take = lambda **body: self.admin.post(RBAC + "DeassignUser", body)
        self.assertEqual(client.get("/api/v1/judges").status, 200)
        self.assertEqual(take(account_id=account, role="unit-contributor").status, 204)
        self.soon(lambda: client.get("/api/v1/judges").status, 403)
        self.unmet(take(account_id=account, role="unit-contributor"), "NOT_ASSIGNED")
        self.refused(take(account_id=account, role="king"), 422, "UNKNOWN", "/role")
        problem(self, take(account_id=NOBODY, role="member"), 404, "NOT_FOUND")
        problem(self, self.stack.client("hrd.contributor").post(RBAC + "DeassignUser", {"account_id": account, "role": "member"}), 403, "FORBIDDEN")

    # ---- system ----

    def session(self, name, roles):
        """CreateSession; a code works once, the next one comes within half a minute."""
        book = self.stack.book(name)
        deadline = time.monotonic() + 70
        while True:
            client = self.stack.anonymous()
            first = client.post("/api/v1/login", {"username": name, "password": self.stack.accounts[name]["password"]})
            self.assertEqual(first.status, 200, first)
            answer = client.post("/api/v1/login/second-factor",
                                 {"challenge": first.json()["challenge"], "method": "totp", "code": book.next_code(), "roles": roles})
            if answer.status != 401 or time.monotonic() > deadline:
                self.rest()
                return answer

    def test_CreateSession(self):
        name, _ = self.account("member,unit-contributor,left,right,quick")
        open_sessions = lambda whose: self.stack.sql(f"""select count(*) from sanjeh.session s join sanjeh.account a on a.id = s.account_id
            where a.username = '{whose}' and s.revoked_at is null""")
        other, _ = self.account("member")
        self.refused(self.session(other, ["member", "analyst"]), 403, "NOT_AUTHORIZED", "/roles")
        self.assertEqual(open_sessions(other), "0")
        answer = self.session(name, ["member", "left"])
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(answer.json()["user"]["roles"], ["member", "left"])
        client = self.stack.anonymous(token=answer.json()["token"])
        self.assertEqual(self.roles(client), ["member", "left"])
        self.assertEqual(client.get("/api/v1/judges").status, 403)
        self.assertEqual(client.post(RBAC + "AddActiveRole", {"role": "unit-contributor"}).status, 204)
        self.assertEqual(client.get("/api/v1/judges").status, 200)

    def test_CreateSession_refuses_sets_and_roles_on_demand(self):
        name, _ = self.account("member,left,right")
        self.refused(self.session(name, ["left", "right"]), 403, "DYNAMIC_SEPARATION", "/roles")
        name, _ = self.account("member,quick")
        self.refused(self.session(name, ["quick"]), 403, "ON_DEMAND", "/roles")
        name, _ = self.account("member")
        self.refused(self.session(name, "member"), 422, "TYPE", "/roles")

    def test_DeleteSession(self):
        name, _ = self.account("member")
        client = self.stack.client(name)
        end = lambda session: client.post(RBAC + "DeleteSession", {"session": session})
        others = self.admin.get("/api/v1/me").json()["session"]["id"]
        for session in (NOBODY, others, "nonsense"):
            problem(self, end(session), 404, "NOT_FOUND")
        self.assertEqual(self.admin.get("/api/v1/me").status, 200)
        self.assertEqual(end(client.get("/api/v1/me").json()["session"]["id"]).status, 204)
        self.soon(lambda: client.get("/api/v1/me").status, 401)

    def test_AddActiveRole_DropActiveRole(self):
        name, _ = self.account("member,left,right,guarded")
        client = self.stack.client(name)
        add = lambda role: client.post(RBAC + "AddActiveRole", {"role": role})
        drop = lambda role: client.post(RBAC + "DropActiveRole", {"role": role})
        problem(self, drop("left"), 409, "CONFLICT")  # not active
        self.assertEqual(add("left").status, 204)
        self.assertEqual(self.roles(client), ["member", "left"])
        self.refused(add("right"), 403, "DYNAMIC_SEPARATION", "/role")
        self.refused(add("guarded"), 403, "STEP_UP_REQUIRED", "/role")
        problem(self, add("analyst"), 404, "NOT_FOUND")
        problem(self, add("king"), 404, "NOT_FOUND")
        self.assertEqual(drop("left").status, 204)
        self.assertEqual(self.roles(client), ["member", "right"])  # the other one is no longer held apart
        problem(self, drop("analyst"), 404, "NOT_FOUND")

    def test_CheckAccess(self):
        client = self.stack.client("hrd.contributor")
        check = lambda session="current", operation="list", object="judge", by=client: self.ask(
            "CheckAccess", by, session=session, operation=operation, object=object)
        self.assertEqual(check().json(), {"access": True, "role_has_it": True, "reach": "unit", "code": None})
        self.assertEqual(client.get("/api/v1/judges").status, 200)
        self.assertEqual(check(operation="create", object="judge").json(),
                         {"access": False, "role_has_it": False, "reach": "none", "code": "E_NO_PERMIT"})
        self.unmet(check(object="dragon"), "NO_PERMISSION", 404)
        self.unmet(check(session=NOBODY), "NO_SESSION", 404)
        own = client.get("/api/v1/me").json()["session"]["id"]
        self.assertEqual(check(session=own).json()["access"], True)
        self.assertEqual(check(session=own, by=self.admin).json()["access"], True)
        self.unmet(check(session=own, by=self.stack.client("hrd.manager")), "NO_SESSION", 404)
        self.refused(self.ask("CheckAccess", client, session="current", object="judge"), 400, "REQUIRED")

    # ---- review ----

    def test_AssignedUsers_AuthorizedUsers(self):
        _, direct = self.account("unit-contributor")
        _, senior = self.account("unit-manager")
        assigned = self.told("AssignedUsers", role="unit-contributor", limit=500)
        authorized = self.told("AuthorizedUsers", role="unit-contributor", limit=500)
        self.assertIn(direct, assigned)
        self.assertNotIn(senior, assigned)
        self.assertLessEqual({direct, senior}, set(authorized))
        self.assertLess(set(assigned), set(authorized))
        # whole, by pages of one
        pages, cursor = [], ""
        while cursor is not None:
            page = self.ask("AuthorizedUsers", role="unit-contributor", limit=1, **({"cursor": cursor} if cursor else {})).json()
            pages += page["items"]
            cursor = page["next"]
        self.assertEqual(pages, authorized)
        for name in ("AssignedUsers", "AuthorizedUsers"):
            self.unmet(self.ask(name, role="king"), "NO_ROLE", 404)
            self.refused(self.ask(name), 400, "REQUIRED")

    def test_AssignedRoles_AuthorizedRoles(self):
        _, account = self.account("unit-manager,brief")
        self.assertEqual(self.told("AssignedRoles", account_id=account), ["unit-manager", "brief"])
        self.assertEqual(self.told("AuthorizedRoles", account_id=account), ["member", "unit-contributor", "unit-manager", "brief"])
        for name in ("AssignedRoles", "AuthorizedRoles", "UserPermissions"):
            self.unmet(self.ask(name, account_id=NOBODY.replace("4", "5", 1)), "NO_USER", 404)
            self.refused(self.ask(name, account_id="x"), 400, "FORMAT")

    def test_RolePermissions_RoleOperationsOnObject(self):
        permissions = self.told("RolePermissions", role="unit-manager")
        self.assertLessEqual({"unit:list", "judge:list", "assignment:create"}, set(permissions))  # a member's, a contributor's, its own
        self.assertNotIn("evaluation:score", permissions)
        expected = {f"{kind}:{verb}" for kind, verb in (item.split(":") for item in permissions) if kind == "judge"}
        self.assertEqual({f"judge:{verb}" for verb in self.told("RoleOperationsOnObject", role="unit-manager", object="judge")}, expected)
        self.assertEqual(self.told("RoleOperationsOnObject", role="member", object="judge"), [])
        self.unmet(self.ask("RolePermissions", role="king"), "NO_ROLE", 404)
        self.unmet(self.ask("RoleOperationsOnObject", role="king", object="judge"), "NO_ROLE", 404)

    def test_UserPermissions_UserOperationsOnObject(self):
        _, account = self.account("unit-contributor,brief")
        both = set(self.told("RolePermissions", role="unit-contributor")) | set(self.told("RolePermissions", role="brief"))
        self.assertEqual(set(self.told("UserPermissions", account_id=account)), both)
        self.assertEqual(self.told("UserOperationsOnObject", account_id=account, object="judge"),
                         self.told("RoleOperationsOnObject", role="unit-contributor", object="judge"))
        self.unmet(self.ask("UserOperationsOnObject", account_id=NOBODY.replace("4", "5", 1), object="judge"), "NO_USER", 404)

    def test_SessionRoles_SessionPermissions(self):
        name, _ = self.account("member,unit-contributor")
        client = self.stack.client(name)
        own = client.get("/api/v1/me").json()["session"]["id"]
        self.assertEqual(self.told("SessionRoles", client, session="current"), ["member", "unit-contributor"])
        self.assertIn("judge:list", self.told("SessionPermissions", client, session=own))
        self.assertEqual(client.post(RBAC + "DropActiveRole", {"role": "unit-contributor"}).status, 204)
        for by in (client, self.admin):
            self.assertEqual(self.told("SessionRoles", by, session=own), ["member"])
            self.assertNotIn("judge:list", self.told("SessionPermissions", by, session=own))
        for function in ("SessionRoles", "SessionPermissions"):
            self.unmet(self.ask(function, client, session=NOBODY), "NO_SESSION", 404)
            self.unmet(self.ask(function, client, session=self.admin.get("/api/v1/me").json()["session"]["id"]), "NO_SESSION", 404)
        self.stack.sql(f"update sanjeh.session set expires_at = expires_at + interval '1 day' where id = '{own}'")
        self.unmet(self.ask("SessionRoles", session=own), "NO_SESSION", 404)  # its seal does not fit

    def test_role_sets(self):
        for kind, name in (("Ssd", "static"), ("Dsd", "dynamic")):
            sets = [item for item in self.policy["sod"] if item["kind"] == name]
            self.assertTrue(sets)
            self.assertEqual(self.told(f"{kind}RoleSets"), [item["id"] for item in sets])
            for item in sets:
                self.assertEqual(set(self.told(f"{kind}RoleSetRoles", set=item["id"])), set(item["roles"]))
                self.assertEqual(self.ask(f"{kind}RoleSetCardinality", set=item["id"]).json(), {"n": item["n"]})
            for function in ("RoleSetRoles", "RoleSetCardinality"):
                self.unmet(self.ask(kind + function, set="X9"), "NO_SET", 404)

    # ---- the command line ----

    def cli(self, user, *args):
        """Signs in anew: the code is the account's next."""
        for _ in range(2):
            secret = f"{self.stack.accounts[user]['password']}\n{self.stack.book(user).next_code()}\n"
            done = subprocess.run([self.stack.build / "server/sanjeh", "rbac", "--url", f"https://localhost:{self.stack.port}", "--user", user,
                                   "--ca", self.stack.ca_file, *args], input=secret, capture_output=True, text=True, check=False, timeout=90)
            if "refused" not in done.stderr or done.returncode != 3:
                break
        self.rest()
        return done

    def test_the_command_line(self):
        author, _ = self.account("member,policy-author")
        done = self.cli(author, "AddRole", "role=clerk", "title=دفتردار", ",", "AddInheritance", "ascendant=clerk", "descendant=member", "draft_id=-", ",",
                        "CreateSsdSet", "set=X1", "roles=clerk,brief", "n=2", "draft_id=-", ",", "AssignedUsers", "role=policy-author")
        self.assertEqual(done.returncode, 0, done.stderr)
        drafts = [json.loads(line) for line in done.stdout.splitlines()]
        document = json.loads(drafts[2]["document"])
        self.assertEqual(document["roles"]["clerk"], {"title": "دفتردار", "inherits": ["member"]})
        self.assertEqual(self.set_of(document, "X1")["roles"], ["clerk", "brief"])
        self.assertIn(self.stack.accounts[author]["id"], drafts[3]["items"])
        other, _ = self.account("member,policy-author")
        done = self.cli(other, "AddRole", "role=member")
        self.assertEqual((done.returncode, done.stdout), (5, ""), done)
        self.assertIn("ROLE_EXISTS", done.stderr)

    def test_the_command_line_in_a_session(self):
        name, _ = self.account("member,left,right,unit-contributor")
        done = self.cli(name, "CreateSession", "roles=member,left", ",", "SessionRoles", "session=current", ",", "AddActiveRole", "role=unit-contributor", ",",
                        "CheckAccess", "session=current", "operation=list", "object=judge", ",", "DropActiveRole", "role=left", ",", "SessionRoles",
                        "session=current", ",", "DeleteSession", "session=current")
        self.assertEqual(done.returncode, 0, done.stderr)
        first, access, last = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual((first["items"], access["access"], last["items"]), (["member", "left"], True, ["member", "unit-contributor"]))
        for words in ((), ("Fly",), ("AddRole", "colour=red"), ("AddRole", "role")):
            done = subprocess.run([self.stack.build / "server/sanjeh", "rbac", "--url", "https://localhost:1", "--user", "x", *words],
                                  capture_output=True, text=True, check=False, timeout=20)
            self.assertEqual(done.returncode, 2, (words, done))


class Table(unittest.TestCase):
    """docs/RBAC.md, functions.def, the routes, the command and the tests say the same functions."""

    ROW = re.compile(r"^\| (\w+) \| `(GET|POST) (\S+)` \| `sanjeh rbac (\w+)` \| ([^|]+) \| (\w+) \|$", re.M)
    STANDARD = set("""AddUser DeleteUser AddRole DeleteRole AssignUser DeassignUser GrantPermission RevokePermission CreateSession DeleteSession
        AddActiveRole DropActiveRole CheckAccess AssignedUsers AssignedRoles RolePermissions UserPermissions SessionRoles SessionPermissions
        RoleOperationsOnObject UserOperationsOnObject AddInheritance DeleteInheritance AddAscendant AddDescendant AuthorizedUsers AuthorizedRoles
        CreateSsdSet DeleteSsdSet AddSsdRoleMember DeleteSsdRoleMember SetSsdSetCardinality SsdRoleSets SsdRoleSetRoles SsdRoleSetCardinality
        CreateDsdSet DeleteDsdSet AddDsdRoleMember DeleteDsdRoleMember SetDsdSetCardinality DsdRoleSets DsdRoleSetRoles
        DsdRoleSetCardinality""".split())

    def test_every_function_has_route_command_and_test(self):
        build = os.environ["SANJEH_BUILD"]
        rows = {row[0]: row for row in self.ROW.findall((ROOT / "docs/RBAC.md").read_text(encoding="utf-8"))}
        self.assertEqual(set(rows), self.STANDARD)
        listed = re.findall(r"(?m)^SJ_RBAC_FUNCTION\((\w+),", (ROOT / "include/sanjeh/rbac/functions.def").read_text(encoding="utf-8"))
        self.assertEqual(sorted(listed), sorted(rows))
        routes = {tuple(line.split()[:2]) for line in run(f"{build}/server/sanjehd", "--routes").stdout.splitlines() if line.strip()}
        self.assertEqual({path.rsplit("/", 1)[1] for _, path in routes if path.startswith(RBAC)} | {"CreateSession"}, set(rows))
        help_text = run(f"{build}/server/sanjeh", "rbac", "--help").stdout
        for name, method, path, command, _, test in rows.values():
            with self.subTest(name):
                self.assertIn((method, path), routes)
                self.assertTrue(path == RBAC + name or name == "CreateSession", path)
                self.assertEqual(command, name)
                self.assertRegex(help_text, rf"(?m)^  {name}( |$)")
                self.assertTrue(hasattr(Rbac, f"test_{test}") or hasattr(test_rbac_users.Users, f"test_{test}"), test)


if __name__ == "__main__":
    unittest.main()
