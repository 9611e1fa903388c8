# SPDX-License-Identifier: Apache-2.0
"""Does an explanation say what POLICY 5.4 says, for every code of 5.3, and never a value that the asker may not read? The example policy of
the reference. usage: test_explain.py <policy_ask> <sanjeh>"""

import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile
import unittest

import generate
import naive

UNITS = [("u0", ""), ("u1", "u0"), ("u3", "u1"), ("u4", "u1")]
NOW = 1796202000000000  # 2026-12-02T09:00:00Z
PROGRAM = SANJEH = ""
EXAMPLE = pathlib.Path(__file__).parent / "example" / "policy.json"
POLICY = json.loads(EXAMPLE.read_text())


def run(lines):
    done = subprocess.run([PROGRAM], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise AssertionError(f"{done.stdout[-500:]} {done.stderr[-500:]}")
    return done.stdout.splitlines()


def explain(files=(POLICY,), units=UNITS, **request):
    lines = ["N"] + [f"U {n} {p}" for n, p in units] + [("P " if i == 0 else "F ") + json.dumps(f) for i, f in enumerate(files)]
    return json.loads(run([*lines, "S", "E " + json.dumps({"now": NOW, "done": [], "unsure": [], **request})])[0])


def grant(role, unit="u3", **more):
    return {"role": role, "unit": unit, "active": True, **more}


CASE = {"unit": "u3", "owner": "bob", "level": 1, "locked": False, "state": "open"}
ANN = {"id": "ann", "unit": "u3", "clearance": 1, "status": "active"}


class Explanations(unittest.TestCase):
    maxDiff = None

    def ask(self, do="case:read", roles=(), on=None, who=None, ctx=None, **more):
        return explain(do=do, grants=[grant(r) if isinstance(r, str) else r for r in roles], subject=ANN | (who or {}),
                       resource=CASE | (on or {}), context=ctx or {}, **more)

    def test_the_example_of_the_reference(self):
        got = self.ask("case:delete", ["supervisor"], ctx={"acr": 2, "approvals": 0})
        self.assertEqual({k: got[k] for k in ("decision", "code", "evaluation_id", "assignments", "at", "matched", "blocked", "errors")}, {
            "decision": False, "code": "E_REQUIRE", "evaluation_id": "ev_1", "assignments": "seq:7", "at": "2026-12-02T09:00:00.000000Z",
            "matched": [{"id": "P3", "effect": "permit"}],
            "blocked": [{"id": "Q2", "effect": "require", "failed": ["ge", "context.approvals", 1], "had": 0}], "errors": []})
        self.assertRegex(got["policy"], r"^core@42 sha256:[0-9a-f]{64}$")
        self.assertEqual(got["roles"], [{"role": "supervisor", "unit": "u3", "scope": "subtree"}, {"role": "reader", "via": "inherits:supervisor"},
                                        {"role": "caseworker", "via": "inherits:supervisor"}])
        self.assertIn([{"approval": {"by_role": "policy_signer", "distinct_from": ["subject", "owner"]}}], got["would_allow"])
        self.assertEqual(got["fields"]["read"][:3], ["id", "title", "state"])
        self.assertEqual(list(got), ["decision", "code", "evaluation_id", "policy", "assignments", "at", "roles", "matched", "blocked", "not_matched",
                                     "errors", "would_allow", "fields"])

    def test_a_permit_says_fields_masks_and_why_the_rest_is_hidden(self):
        got = self.ask(roles=[grant("caseworker", via="x")], ctx={"purpose": "care"})
        self.assertTrue(got["decision"])
        self.assertEqual((got["code"], got["blocked"], got["would_allow"]), ("", [], []))
        self.assertEqual(got["matched"], [{"id": "P1", "effect": "permit"}, {"id": "P2", "effect": "permit"}, {"id": "M1", "effect": "mask"}])
        self.assertEqual(got["fields"]["mask"], {"name": "hash", "birth_date": "year", "phone": "last4"})
        self.assertEqual(got["fields"]["hidden_by"], {"health_note": "no permit with class sealed"})

    def test_a_default_deny_is_explained_by_what_is_missing(self):
        got = self.ask("case:update", ["caseworker"], ctx={})
        self.assertEqual((got["decision"], got["code"]), (False, "E_NO_PERMIT"))
        self.assertEqual(got["not_matched"][0], {"id": "P2", "why": "purpose", "had": None})
        self.assertIn([["in", "context.purpose", ["care", "billing"]]], got["would_allow"])
        self.assertIn([{"role": {"role": "supervisor", "unit": "u3"}}], got["would_allow"])
        got = self.ask("case:update", ["caseworker"], ctx={"purpose": "audit"}, on={"level": 3})
        self.assertEqual(got["not_matched"][0], {"id": "P2", "why": "purpose", "had": "audit"})
        self.assertIn([["in", "context.purpose", ["care", "billing"]], ["le", "resource.level", "subject.clearance"]], got["would_allow"])
        got = self.ask("case:update", [], ctx={"purpose": "care"})
        self.assertEqual({m["why"] for m in got["not_matched"]}, {"role"})
        self.assertIn([{"role": {"role": "caseworker", "unit": "u3"}}], got["would_allow"])

    def test_every_code_in_the_order_of_evaluation(self):
        rows = [("E_BAD_REQUEST", {"on": {"level": 9}}), ("E_INACTIVE", {"inactive": True}), ("E_SESSION", {"ended": True}),
                ("E_SUSPENDED", {"who": {"status": "suspended"}}), ("E_LOCKED", {"on": {"locked": True}, "do": "case:update"}),
                ("E_SOD", {"do": "case:close", "roles": ["supervisor"], "done": ["case:update"]}),
                ("E_REQUIRE", {"do": "case:export", "roles": ["supervisor"], "ctx": {"acr": 1}}), ("E_NO_PERMIT", {"roles": ["policy_author"]})]
        for code, request in rows:
            with self.subTest(code):
                got = self.ask(**{"do": "case:read", "roles": ["caseworker"], "ctx": {"purpose": "care"}, **request})
                self.assertEqual((got["decision"], got["code"]), (False, code))
        unit = {"format": "policy/1", "id": "narrow", "version": 1, "owner_unit": "u3", "binds": "subtree", "rules": [
            {"id": "P1", "effect": "permit", "roles": ["supervisor"], "do": ["case:read"], "scope": "unit"}]}
        got = explain((POLICY, unit), do="case:read", grants=[grant("caseworker")], subject=ANN, resource=CASE, context={"purpose": "care"})
        self.assertEqual(got["code"], "E_CEILING")
        self.assertIn({"id": "P1", "file": "narrow", "why": "role", "had": None}, got["not_matched"])
        self.assertIn([{"role": {"role": "supervisor", "unit": "u3"}}], got["would_allow"])

    def test_what_ended_the_account_or_the_session_can_be_mended(self):
        self.assertEqual(self.ask(roles=["caseworker"], inactive=True)["would_allow"], [[{"account": "active"}]])
        self.assertEqual(self.ask(roles=["caseworker"], ended=True)["would_allow"], [[{"session": "valid"}]])

    def test_separation_on_an_object_is_not_to_be_mended(self):
        got = self.ask("case:close", ["supervisor"], done=["case:update"])
        self.assertEqual(got["would_allow"], [])
        self.assertEqual(got["blocked"], [{"id": "S4", "effect": "separation", "failed": None, "had": None}])

    def test_a_forbid_says_its_condition_and_what_it_saw(self):
        got = self.ask("case:update", ["supervisor"], on={"locked": True})
        self.assertEqual(got["blocked"], [{"id": "F2", "effect": "forbid", "failed": ["eq", "resource.locked", True], "had": True}])
        self.assertEqual(got["would_allow"], [[["not", ["eq", "resource.locked", True]]]])
        self.assertEqual(got["matched"][0], {"id": "P3", "effect": "permit"})
        self.assertIn("health_note", got["fields"]["read"])

    def test_errors_are_named(self):
        got = self.ask("case:update", ["caseworker"], on={"level": None}, ctx={"purpose": "care"})
        self.assertEqual(got["errors"], ["P2"])
        self.assertEqual(got["not_matched"][0], {"id": "P2", "why": "error", "had": {"resource.level": None, "subject.clearance": 1}})
        got = self.ask("case:update", ["supervisor"], on={"locked": None}, ctx={"purpose": "audit"})
        self.assertEqual((got["code"], got["errors"]), ("E_LOCKED", ["F2"]))

    def test_hidden_values_are_neither_said_nor_measured(self):
        got = self.ask("case:update", ["caseworker"], on={"level": 3}, ctx={"purpose": "care"}, hide=["resource.level"])
        self.assertEqual(got["not_matched"][0], {"id": "P2", "why": "when", "had": {"resource.level": None, "subject.clearance": 1}, "hidden": True})
        self.assertNotIn("resource.level", json.dumps(got["would_allow"]))
        got = self.ask("case:update", ["supervisor"], on={"locked": True}, hide=["resource.locked"])
        self.assertEqual((got["blocked"][0]["had"], got["would_allow"]), (None, []))
        got = self.ask("case:update", [], hide=["resource.unit"])
        self.assertNotIn("u3", json.dumps(got["would_allow"]) + json.dumps(got["not_matched"]))

    def test_grants_that_do_not_count_say_why_and_how_they_would(self):
        rows = [({"active": False}, "not activated", "activate"), ({"lapsed": True}, "lapsed", "renew"), ({"until": NOW}, "ended", "renew"),
                ({"from": NOW + 1}, "not begun", "renew")]
        for more, why, change in rows:
            with self.subTest(why):
                got = self.ask("case:close", [grant("supervisor", **more)])
                self.assertEqual(got["not_counted"][0]["why"], why)
                self.assertIn([{change: {"role": "supervisor", "unit": "u3"}}], got["would_allow"])
                self.assertEqual(got["not_matched"][0]["why"], "grant")

    def test_break_glass_is_told_and_offered(self):
        got = self.ask("case:read", ["caseworker"], on={"level": 3, "unit": "u4"}, ctx={"purpose": "care"})
        self.assertIn([{"break_glass": {"role": "emergency", "unit": "u4"}}], got["would_allow"])
        self.assertIn({"id": "P2", "why": "scope", "had": "u4"}, got["not_matched"])
        got = self.ask("case:read", [grant("emergency", kind="break_glass")])
        self.assertEqual(got["matched"], [{"id": "break_glass", "effect": "permit"}])
        self.assertEqual(got["overridden"], [{"id": "M1", "effect": "mask"}])

    def test_changes_never_hold_more_than_is_needed(self):
        got = self.ask("case:delete", [], ctx={"acr": 0, "approvals": 0}, on={"locked": True})
        self.assertEqual(got["would_allow"], [])  # role, unlocking, step-up and approval are four
        got = self.ask("case:delete", ["supervisor"], ctx={"acr": 0, "approvals": 0}, on={"locked": True})
        self.assertEqual(len(got["would_allow"]), 1)
        self.assertEqual(len(got["would_allow"][0]), 3)


class Changes(unittest.TestCase):
    """Over random policies: what is told to permit does permit, by the naive evaluator."""

    @staticmethod
    def applied(request, changes):
        """The request with the changes that can be made without guessing, or None."""
        request = copy.deepcopy(request)
        unit = (request.get("resource") or {}).get("unit") or ""
        for change in changes:
            if isinstance(change, dict) and "role" in change:
                request["grants"].append({"role": change["role"]["role"], "unit": change["role"].get("unit", ""), "active": True})
            elif isinstance(change, dict) and "break_glass" in change:
                request["grants"].append({"role": change["break_glass"]["role"], "unit": unit, "kind": "break_glass"})
            elif isinstance(change, dict) and ("account" in change or "session" in change):
                request.pop("inactive", None)
                request.pop("ended", None)
            elif isinstance(change, list) and change[0] == "eq" and isinstance(change[1], str) and change[1].split(".")[0] in ("context", "resource", "action"):
                place, name = change[1].split(".")
                if isinstance(change[2], str) and change[2].split(".")[0] in ("context", "resource", "action", "subject"):
                    return None
                request.setdefault(place, {})[name] = change[2]
            else:
                return None
        return request

    def test_random_changes_permit(self):
        seed = generate.seed_of([], 1)
        tried = told = 0
        for number in range(24):
            made = generate.Generator(random.Random(seed + number))
            files = made.files(number)
            point = naive.Point(files, generate.UNITS)
            requests = [made.request() for _ in range(40)]
            answers = run(generate.lines_of(files) + ["E " + json.dumps(r) for r in requests])
            for request, line in zip(requests, answers):
                got = json.loads(line)
                sets = got["would_allow"]
                told += bool(sets)
                self.assertFalse(got["decision"] and sets)
                for changes in sets:
                    self.assertLessEqual(len(changes), 3)
                    changed = self.applied(request, changes)
                    if changed is not None and len(changed["grants"]) <= 64:
                        tried += 1
                        self.assertTrue(point.decide(changed).startswith("1|"), f"seed {seed + number}: {changes} {json.dumps(request)}")
        self.assertGreater(tried, 100)
        self.assertGreater(told, 50)


class CommandLine(unittest.TestCase):
    def explain(self, policy, request, *options):
        with tempfile.TemporaryDirectory() as folder:
            paths = [pathlib.Path(folder, n) for n in ("units.json", "request.json")]
            paths[0].write_text(json.dumps({name: parent or None for name, parent in UNITS}))
            paths[1].write_text(json.dumps(request))
            return subprocess.run([SANJEH, "policy", "explain", policy, paths[1], *[paths[0] if o == "UNITS" else o for o in options]],
                                  capture_output=True, text=True, check=False)

    def test_a_request_in_a_file_is_explained(self):
        request = {"do": "case:delete", "now": "2026-12-02T09:00:00Z", "grants": [grant("supervisor")], "subject": ANN, "resource": CASE,
                   "context": {"acr": 2, "approvals": 0}, "done": []}
        done = self.explain(EXAMPLE, request, "--domain", "--units", "UNITS")
        self.assertEqual((done.returncode, done.stderr), (3, ""))
        self.assertEqual(json.loads(done.stdout)["code"], "E_REQUIRE")
        request["context"]["approvals"] = 1
        self.assertEqual(self.explain(EXAMPLE, request, "--domain", "--units", "UNITS").returncode, 0)
        own = pathlib.Path(__file__).parents[2] / "policies" / "default"
        self.assertEqual(self.explain(own, {"do": "account:list", "grants": [{"role": "administrator"}]}).returncode, 0)
        self.assertEqual(self.explain(own, {"do": "account:list", "grants": [{"role": "judge"}]}).returncode, 3)

    def test_a_wrong_request_is_refused_with_its_place(self):
        for request, pointer in (({}, "/do"), ({"do": "case:read", "who": 1}, "/who"), ({"do": "case:read", "grants": [{"role": "king"}]}, "/grants/role")):
            done = self.explain(EXAMPLE, request, "--domain", "--units", "UNITS")
            self.assertEqual(done.returncode, 2)
            self.assertIn(pointer, done.stderr)


if __name__ == "__main__":
    PROGRAM, SANJEH = sys.argv.pop(1), sys.argv.pop(1)
    unittest.main()
