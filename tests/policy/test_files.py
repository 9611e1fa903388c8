# SPDX-License-Identifier: Apache-2.0
"""Which files are refused, and where? Each row breaks one thing in the example and expects the pointer, line and column of that thing; what
is a matter of structure the published JSON Schema must refuse, too, and what the loader accepts it must accept. Limits that versions loosen
must be told. usage: test_files.py <sanjeh> [seed]"""

import copy
import json
import pathlib
import random
import subprocess
import sys
import tempfile

import jsonschema

from generate import seed_of

HERE = pathlib.Path(__file__).parent
POLICIES = HERE.parent.parent / "policies"
EXAMPLE = json.loads((HERE / "example" / "policy.json").read_text())
TESTS = json.loads((HERE / "example" / "tests.json").read_text())
DEEP = ["eq", "resource.locked", True]
for _ in range(16):
    DEEP = ["not", DEEP]


def at(doc, pointer):
    """(container, key) of a pointer."""
    parts = [p.replace("~1", "/").replace("~0", "~") for p in pointer.split("/")[1:]]
    for part in parts[:-1]:
        doc = doc[int(part)] if isinstance(doc, list) else doc[part]
    return doc, int(parts[-1]) if isinstance(doc, list) else parts[-1]


def put(pointer, value):
    def change(doc):
        box, key = at(doc, pointer)
        if isinstance(box, list) and key == len(box):
            box.append(value)
        else:
            box[key] = value
    return change


def drop(pointer):
    def change(doc):
        box, key = at(doc, pointer)
        del box[key]
    return change


def both(*changes):
    return lambda doc: [change(doc) for change in changes]


MANY = {f"a{i}": "string" for i in range(65)}
# (what, change, pointer that is named, the schema refuses it, too)
POLICY = [
    ("another format", put("/format", "policy/2"), "/format", True),
    ("no rules", drop("/rules"), "/rules", True),
    ("an unknown member", put("/extra", 1), "/extra", True),
    ("an unknown member of a rule", put("/rules/0/wen", []), "/rules/0/wen", True),
    ("a version of zero", put("/version", 0), "/version", True),
    ("a version as text", put("/version", "42"), "/version", True),
    ("previous that is no digest", put("/previous", "42"), "/previous", True),
    ("until before from", put("/effective", {"from": "2026-12-01T00:00:00Z", "until": "2026-11-01T00:00:00Z"}), "/effective/until", False),
    ("an hour that is none", put("/effective", {"from": "2026-12-01T25:00:00Z"}), "/effective/from", False),
    ("a circle of roles", put("/roles/reader/inherits", ["supervisor"]), "/roles/reader", False),
    ("a role that inherits itself", put("/roles/reader/inherits", ["reader"]), "/roles/reader", False),
    ("a role that is not there", put("/roles/caseworker/inherits", ["writer"]), "/roles/caseworker/inherits/0", False),
    ("inheriting a role twice", put("/roles/caseworker/inherits", ["reader", "reader"]), "/roles/caseworker/inherits/1", True),
    ("257 roles", put("/roles", {f"r{i}": {} for i in range(257)}), "/roles", True),
    ("a hierarchy in which one role breaks a constraint", put("/roles/auditor/inherits", ["policy_author"]), "/sod/0", False),
    ("a constraint of one", put("/sod/0/n", 1), "/sod/0/n", True),
    ("a constraint that nobody can break", put("/sod/0/n", 4), "/sod/0/n", False),
    ("an object constraint over roles", put("/sod/0/kind", "object"), "/sod/0", True),
    ("a dynamic constraint with a span", put("/sod/0/kind", "dynamic"), "/sod/0/span", True),
    ("257 constraints", put("/sod", [dict(EXAMPLE["sod"][0], id=f"S{i}") for i in range(257)]), "/sod", True),
    ("a rule's id twice", put("/rules/1/id", "P1"), "/rules/1/id", False),
    ("a constraint's id twice", put("/sod/1/id", "S1"), "/sod/1/id", False),
    ("another effect", put("/rules/0/effect", "allow"), "/rules/0/effect", True),
    ("a permit without roles", drop("/rules/0/roles"), "/rules/0", True),
    ("a permit with a mask's member", put("/rules/0/how", {"*": "hash"}), "/rules/0/how", True),
    ("a forbid with fields", put("/rules/5/fields", {"read": ["public"]}), "/rules/5/fields", True),
    ("a forbid with a scope", put("/rules/5/scope", "unit"), "/rules/5", True),
    ("a forbid with an obligation", put("/rules/5/oblige", {"type": "custom", "name": "x"}), "/rules/5/oblige", True),
    ("a require without that", drop("/rules/8/that"), "/rules/8", True),
    ("a mask without how", drop("/rules/7/how"), "/rules/7", True),
    ("a mask that is none", put("/rules/7/how", {"*": "blur"}), "/rules/7/how/*", True),
    ("a mask of a field that is not there", put("/rules/7/how/mail", "hash"), "/rules/7/how/mail", False),
    ("an action that is not declared", put("/rules/0/do/0", "case:reed"), "/rules/0/do/0", False),
    ("an action without a type", put("/rules/0/do/0", "read"), "/rules/0/do/0", True),
    ("no action", put("/rules/0/do", []), "/rules/0/do", True),
    ("a class that is not there", put("/rules/0/fields/read/0", "open"), "/rules/0/fields/read/0", False),
    ("a code without E_", put("/rules/5/code", "LOCKED"), "/rules/5/code", True),
    ("an operator that is none", put("/rules/5/when/0", "equals"), "/rules/5/when/0", True),
    ("a condition that is text", put("/rules/5/when", "always"), "/rules/5/when", True),
    ("one operand too many", put("/rules/5/when/3", 1), "/rules/5/when", True),
    ("an attribute that is not declared", put("/rules/5/when/1", "subject.state"), "/rules/5/when", False),
    ("a word that the attribute has not", put("/rules/5/when/2", "retired"), "/rules/5/when/2", False),
    ("a number outside the range", put("/rules/7/unless/2", 9), "/rules/7/unless/2", False),
    ("an operator for another type", put("/rules/5/when/0", "lt"), "/rules/5/when/1", False),
    ("17 levels", put("/rules/6/when", DEEP), "/rules/6/when" + "/1" * 16, False),
    ("257 parts", put("/rules/6/when", ["or"] + [["eq", "resource.locked", True]] * 100), "/rules/6/when/78", False),
    ("a purpose that is none", put("/rules/3/purpose/0", "fun"), "/rules/3/purpose/0", False),
    ("a type that is none", put("/schema/subject/id", "text"), "/schema/subject/id", True),
    ("a set of sets", put("/schema/subject/id", {"set": {"set": "string"}}), "/schema/subject/id/set", True),
    ("a range upside down", put("/schema/subject/clearance", {"int": [3, 0]}), "/schema/subject/clearance/int", False),
    ("65 attributes", put("/schema/subject", MANY), "/schema/subject/a64", True),
    ("a field in two classes", put("/schema/types/case/field_classes/internal/0", "id"), "/schema/types/case/field_classes/internal/0", False),
    ("65 fields", put("/schema/types/case/field_classes", {"public": [f"f{i}" for i in range(65)]}),
     "/schema/types/case/field_classes/public/64", False),
    ("an action twice", put("/schema/types/case/actions/1", "read"), "/schema/types/case/actions/1", True),
    ("513 types", put("/schema/types", {f"t{i}": {"actions": ["read"]} for i in range(513)}), "/schema/types", True),
    ("more than reading for a read-only role", put("/rules/3/do", ["*:*"]), "/rules/3", False),
    ("break-glass by a role that can be assigned", put("/break_glass/grants_role", "reader"), "/break_glass/grants_role", False),
    ("break-glass for days", put("/break_glass/minutes", 1441), "/break_glass/minutes", True),
    ("break-glass that names no rule", put("/break_glass/cannot_override/0", "F9"), "/break_glass/cannot_override/0", False),
    ("widening with no more signatures", put("/activation/if_widening/need", 2), "/activation/if_widening", False),
    ("no signature", put("/activation/signatures/need", 0), "/activation/signatures/need", True),
    ("20,001 rules", put("/rules", [{"id": f"P{i}", "effect": "permit", "roles": ["reader"], "do": ["case:read"]} for i in range(20001)]), "/rules", True),
    ("64 KiB and a byte of text", put("/title", "x" * 65537), "/title", True),
]
CASE = TESTS["tests"][0]
SUITE = [
    ("tests of another policy", put("/policy", "other"), "/policy", False),
    ("no tests", put("/tests", []), "/tests", True),
    ("now that is no time", put("/now", "tomorrow"), "/now", True),
    ("an unknown member of a test", put("/tests/0/expects", {}), "/tests/0/expects", True),
    ("an unknown member of an expectation", put("/tests/0/expect/reed", []), "/tests/0/expect/reed", True),
    ("a rule that is not there", put("/tests/0/expect/by/0", "P9"), "/tests/0/expect/by/0", False),
    ("a field that is not there", put("/tests/0/expect/read/0", "mail"), "/tests/0/expect/read/0", False),
    ("a permit with a code", put("/tests/0/expect/code", "E_X"), "/tests/0/expect/code", True),
    ("a fixture that is not there", put("/tests/0/subject", "nobody"), "/tests/0/subject", False),
    ("an attribute that is not declared", put("/resources/file/colour", "red"), "/resources/file/colour", False),
    ("a value of another type", put("/resources/file/level", "one"), "/resources/file/level", False),
    ("a value outside the range", put("/resources/file/level", 7), "/resources/file/level", False),
    ("a unit that is not in the tree", put("/resources/file/unit", "u9"), "/resources/file/unit", False),
    ("a unit below itself", put("/units/u0", "u0"), "", False),
    ("a role that is not there", put("/subjects/worker/roles/0/role", "writer"), "/subjects/worker/roles/0/role", False),
    ("an action of another type", put("/tests/0/do", "policy:read"), "/tests/0/do", False),
    ("what was done as text", put("/tests/10/done", "case:update"), "/tests/10/done", True),
    ("an id twice", put("/tests/1/id", CASE["id"]), "/tests/1/id", False),
    ("a refused combination without its constraint", drop("/tests/25/expect/by"), "/tests/25/expect", True),
    ("an invariant that is none", put("/tests/30/invariant", "never"), "/tests/30/invariant", True),
    ("same_as without as", drop("/tests/34/as"), "/tests/34", True),
    ("always_requires without that", drop("/tests/32/that"), "/tests/32", True),
]
# Bytes that no JSON library would write: (text, line, column, pointer).
BYTES = [
    (b'{"a":1,\n "a":2}', 2, 2, "/a"),
    (b'{"format":"policy/1",\n"roles":{"x":{},\n "x":{}}}', 3, 2, "/roles/x"),
    (b'{"version":1e308}', 1, 12, "/version"),
    (b'{"version":1.5}', 1, 12, "/version"),
    (b'{"version":9007199254740992}', 1, 12, "/version"),
    (b'{"id":"\\ud800"}', 1, 14, "/id"),
    (b'{"id":"\\udc00\\ud800"}', 1, 14, "/id"),
    (b'{"id":"a\\u0000"}', 1, 15, "/id"),
    (b'{"id":"\xff"}', 1, 1, ""),
    (b'{"id":"t",}', 1, 11, ""),
    (b'{"id":"t"', 1, 10, "/id"),
    (b'{} {}', 1, 4, ""),
    (b"", 1, 1, ""),
    (b"[" * 200, 1, 33, "/0" * 32),
    (b'{"id":"' + b"x" * 65537 + b'"}', 1, 8, "/id"),
    (b'{"note":"' + b"x" * (4 << 20) + b'"}', 1, 1, ""),
]
LIMITS = [
    (put("/roles/caseworker/max_days", 366), "/roles/caseworker/max_days"),
    (drop("/roles/caseworker/max_days"), "/roles/caseworker/max_days"),
    (drop("/roles/caseworker/recertify_days"), "/roles/caseworker/recertify_days"),
    (drop("/roles/policy_signer/max_holders"), "/roles/policy_signer/max_holders"),
    (put("/roles/supervisor/activation/max_minutes", 481), "/roles/supervisor/activation/max_minutes"),
    (put("/roles/supervisor/activation/acr", 1), "/roles/supervisor/activation/acr"),
    (drop("/roles/supervisor/activation"), "/roles/supervisor/activation/mode"),
    (put("/roles/unit_admin/assignable/3", "auditor"), "/roles/unit_admin/assignable"),
    (drop("/roles/unit_admin/never_self"), "/roles/unit_admin/never_self"),
    (drop("/roles/auditor/read_only"), "/roles/auditor/read_only"),
    (put("/roles/unit_admin/inherits", ["reader"]), "/roles/unit_admin/inherits"),
    (drop("/sod/0"), "/sod/S1"),
    (put("/sod/0/n", 3), "/sod/S1/n"),
    (put("/sod/0/span", "same_unit"), "/sod/S1/span"),
    (put("/sod/0/roles", ["policy_author", "policy_signer"]), "/sod/S1/roles"),
    (drop("/sod/3"), "/sod/S4"),
    (put("/break_glass/minutes", 31), "/break_glass/minutes"),
    (put("/break_glass/who/1", "reader"), "/break_glass/who"),
    (put("/break_glass/notify", ["auditor"]), "/break_glass/notify"),
    (put("/break_glass/needs/acr", 1), "/break_glass/needs/acr"),
    (put("/break_glass/review_hours", 49), "/break_glass/review_hours"),
    (put("/break_glass/cannot_override", []), "/break_glass/cannot_override/F1"),
    (put("/delegation/max_days", 15), "/delegation/max_days"),
    (put("/delegation/depth", 2), "/delegation/depth"),
    (put("/delegation/sod_applies", False), "/delegation/sod_applies"),
    (put("/activation/signatures/need", 1), "/activation/signatures/need"),
    (both(put("/activation/signatures/need", 1), put("/activation/if_widening/need", 2)), "/activation/if_widening/need"),
    (put("/activation/signatures/distinct_from_author", False), "/activation/signatures/distinct_from_author"),
    (drop("/activation/signatures/from_role"), "/activation/signatures/from_role"),
    (put("/activation/min_rule_coverage", 99), "/activation/min_rule_coverage"),
]
# Changes of meaning that are hard to see, and changes of text that mean nothing: (what, before, after, widens, narrows).
LOCKED = ["eq", "resource.locked", True]
MEANINGS = [
    ("nothing at all", None, None, False, False),
    ("another order of rules", None, lambda doc: doc["rules"].reverse(), False, False),
    ("a double negation", put("/rules/6/when", LOCKED), put("/rules/6/when", ["not", ["ne", "resource.locked", True]]), False, False),
    ("de Morgan", put("/rules/6/when", ["or", LOCKED, ["eq", "resource.state", "closed"]]),
     put("/rules/6/when", ["not", ["and", ["not", LOCKED], ["ne", "resource.state", "closed"]]]), False, False),
    ("two rules for one", None, both(put("/rules/0/fields/read", ["public"]), put("/rules/10", dict(EXAMPLE["rules"][0], id="P9", fields={"read": ["internal"]}))),
     False, False),
    ("a rule that another covers", None, put("/rules/10", dict(EXAMPLE["rules"][0], id="P9", roles=["caseworker"])), False, False),
    ("numbers beside a bound", put("/rules/1/when", ["lt", "resource.level", 2]), put("/rules/1/when", ["le", "resource.level", 1]), False, False),
    ("what is always true but for a missing value", put("/rules/1/when", ["ge", "resource.level", 0]), drop("/rules/1/when"), True, False),
    ("either way, but for a missing value", put("/rules/1/when", ["or", LOCKED, ["eq", "resource.locked", False]]), drop("/rules/1/when"), True, False),
    ("one level of clearance", put("/rules/1/when", ["le", "resource.level", 2]), put("/rules/1/when", ["lt", "resource.level", 2]), False, True),
    ("equal attributes let through", None, put("/rules/1/when", ["or", ["le", "resource.level", "subject.clearance"], ["eq", "resource.owner", "subject.id"]]), True, False),
    ("a forbid for one role falls, seen in pairs alone", put("/rules/10", {"id": "F9", "effect": "forbid", "roles": ["auditor"], "do": ["case:update"]}), None, True, False),
    ("a requirement is satisfied by one less", None, put("/rules/8/that", [["ge", "context.acr", 1]]), True, False),
    ("a code is no permission", None, put("/rules/5/code", "E_OTHER"), False, False),
    ("a weaker mask of one field", None, put("/rules/7/how/phone", "initial"), True, False),
    ("a stricter mask of one field", None, put("/rules/7/how/phone", "null"), False, True),
    ("a word that a permit may not match", put("/rules/1/purpose", ["care"]), put("/rules/1/purpose", ["care", "billing"]), True, False),
    ("an action that is new", None, both(put("/schema/types/case/actions/7", "print"), put("/rules/0/do/2", "case:print")), True, False),
    ("an attribute that takes more values", None, put("/schema/subject/clearance", {"int": [0, 4]}), True, False),
    ("a field of another class", None, both(put("/schema/types/case/field_classes/personal", ["name", "birth_date"]),
                                            put("/schema/types/case/field_classes/public", ["id", "title", "state", "phone"]),
                                            put("/rules/7/how", {"birth_date": "year", "*": "hash"})), True, True),
    ("17 atoms", None, put("/rules/0/when", ["or"] + [["eq", "resource.owner", f"o{i}"] for i in range(17)]), True, False),
]
UNIT_FILE = {"format": "policy/1", "id": "unit", "version": 1, "owner_unit": "u3", "binds": "subtree", "rules": []}
CEILINGS = [
    ("less than the root", {"id": "X", "effect": "permit", "roles": ["caseworker"], "do": ["case:read"], "scope": "unit", "fields": {"read": ["public"]}}, False),
    ("what narrows", {"id": "X", "effect": "forbid", "do": ["case:*"], "when": ["eq", "resource.state", "closed"]}, False),
    ("a class more", {"id": "X", "effect": "permit", "roles": ["reader"], "do": ["case:read"], "scope": "unit", "fields": {"read": ["personal"]}}, True),
    ("a wider scope", {"id": "X", "effect": "permit", "roles": ["reader"], "do": ["case:read"], "scope": "subtree", "fields": {"read": ["public"]}}, True),
    ("another role", {"id": "X", "effect": "permit", "roles": ["policy_author"], "do": ["case:read"], "scope": "unit"}, True),
    ("without the condition", {"id": "X", "effect": "permit", "roles": ["caseworker"], "do": ["case:update"], "scope": "unit"}, True),
    ("with the condition", {"id": "X", "effect": "permit", "roles": ["caseworker"], "do": ["case:update"], "scope": "unit", "purpose": ["care"],
                            "when": ["and", ["le", "resource.level", "subject.clearance"], ["eq", "resource.state", "open"]]}, False),
]


class Runner:
    def __init__(self, program, folder):
        self.program, self.folder, self.problems, self.checks = program, folder, [], 0

    def file(self, name, content):
        path = self.folder / name
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content, indent=1).encode())
        return path

    def run(self, *words):
        return subprocess.run([self.program, "policy", *words], capture_output=True, text=True, check=False)

    def check(self, holds, what, *more):
        self.checks += 1
        if not holds:
            self.problems.append((what, *more))


def refusal(run):
    """(line, column, pointer) of a refusal, or None."""
    if run.returncode != 2 or not run.stdout.startswith("{"):
        return None
    error = json.loads(run.stdout)["errors"][0]
    return error["line"], error["column"], error["pointer"]


def check_places(runner, rows, base, name, schema, words):
    for what, change, pointer, structural in rows:
        doc = copy.deepcopy(base)
        change(doc)
        place = refusal(runner.run(*words(runner.file(name, doc)), "--json"))
        runner.check(place is not None, what, "accepted")
        if place is not None:
            runner.check(place[2].startswith(pointer[:255]), what, f"wanted {pointer}", place)
            runner.check((place[0] > 0 and place[1] > 0) or pointer == "", what, "no line or column", place)
        runner.check(schema.is_valid(doc) != structural, what, "the schema says another thing")


def check_random(runner, rng, base, name, schema, words, count):
    """Whatever the loader accepts the schema accepts."""
    accepted = 0
    for _ in range(count):
        doc = copy.deepcopy(base)
        boxes = []
        stack = [doc]
        while stack:
            box = stack.pop()
            for key in (box if isinstance(box, dict) else range(len(box))):
                boxes.append((box, key))
                if isinstance(box[key], (dict, list)):
                    stack.append(box[key])
        box, key = rng.choice(boxes)
        if rng.random() < 0.4:
            del box[key]
        else:
            box[key] = rng.choice([0, 1, True, None, "x", "reader", [], {}, ["reader"], -1, 100, "E_X", "*", "unit"])
        if runner.run(*words(runner.file(name, doc))).returncode != 2:
            accepted += 1
            runner.check(schema.is_valid(doc), "random", "the loader accepts what the schema refuses", json.dumps(box)[:300])
    runner.check(0 < accepted < count, "random", f"{accepted} of {count} accepted: the mutations try nothing")


def check_limits(runner):
    before = runner.file("before.json", EXAMPLE)
    for change, pointer in LIMITS:
        doc = copy.deepcopy(EXAMPLE)
        change(doc)
        for widened, pair in ((True, (before, runner.file("after.json", doc))), (False, (runner.file("after.json", doc), before))):
            run = runner.run("diff", "--domain", "--json", *pair)
            cells = [c for c in json.loads(run.stdout)["cells"] if c["class"].rstrip("/") == pointer] if run.returncode < 2 else []
            # Another role than before is widened either way.
            wanted = "widened" if widened or pointer.endswith("from_role") else "narrowed"
            runner.check([c["change"] for c in cells] == [wanted], pointer, f"not told as {wanted}", run.stderr[:200])


def check_meanings(runner):
    for what, first, second, widens, narrows in MEANINGS:
        docs = [copy.deepcopy(EXAMPLE) for _ in range(2)]
        for doc, change in zip(docs, (first, second)):
            if change is not None:
                change(doc)
        run = runner.run("diff", "--domain", "--json", runner.file("before.json", docs[0]), runner.file("after.json", docs[1]))
        cells = json.loads(run.stdout)["cells"] if run.returncode < 2 else [{"change": run.stderr}]
        runner.check(any(c["change"] == "widened" for c in cells) == widens, what, "widens" if not widens else "does not widen", run.stdout[:600])
        runner.check(any(c["change"] == "narrowed" for c in cells) == narrows, what, "narrows" if not narrows else "does not narrow", run.stdout[:600])
        runner.check(run.returncode == (1 if widens else 0), what, "exit code", run.returncode)
        runner.check(what != "17 atoms" or not all(c["proven"] for c in cells), what, "is proven")


def check_ceilings(runner):
    root = runner.file("root.json", EXAMPLE)
    for what, rule, wider in CEILINGS:
        path = runner.file("unit.json", dict(UNIT_FILE, rules=[rule]))
        run = runner.run("diff", "--domain", root, "--unit-file", path)
        runner.check(run.returncode == (1 if wider else 0), f"ceiling: {what}", run.stdout[-300:], run.stderr[-300:])


def main():
    program = sys.argv[1]
    seed = seed_of(sys.argv[2:], 1)
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    schemas = []
    for name in ("policy-1", "policy-tests-1"):
        doc = json.loads((POLICIES / "schema" / f"{name}.schema.json").read_text())
        jsonschema.Draft202012Validator.check_schema(doc)
        schemas.append(jsonschema.Draft202012Validator(doc))
    with tempfile.TemporaryDirectory() as folder:
        runner = Runner(program, pathlib.Path(folder))
        for schema, paths in zip(schemas, (("policies/default/policy.json", "tests/policy/example/policy.json", "policies/domains/*.json"),
                                           ("policies/default/tests.json", "tests/policy/example/tests.json"))):
            for path in [p for pattern in paths for p in POLICIES.parent.glob(pattern)]:
                doc = json.loads(path.read_text())
                runner.check(schema.is_valid(doc.get("policy", doc) if isinstance(doc.get("policy"), dict) else doc), f"{path.name} is valid")
        runner.check(schemas[0].is_valid(dict(UNIT_FILE, rules=[CEILINGS[0][1]])), "a unit's file is valid")
        policy = runner.file("policy.json", EXAMPLE)
        check_places(runner, POLICY, EXAMPLE, "p.json", schemas[0], lambda path: ("check", "--domain", path))
        check_places(runner, SUITE, TESTS, "t.json", schemas[1], lambda path: ("test", "--domain", policy, path))
        for content, line, column, pointer in BYTES:
            place = refusal(runner.run("check", "--domain", "--json", runner.file("b.json", content)))
            runner.check(place == (line, column, pointer), content[:40], f"wanted {line}:{column} {pointer}", place)
        check_random(runner, rng, EXAMPLE, "p.json", schemas[0], lambda path: ("check", "--domain", path), 40)
        check_random(runner, rng, TESTS, "t.json", schemas[1], lambda path: ("test", "--domain", policy, path), 20)
        check_limits(runner)
        check_meanings(runner)
        check_ceilings(runner)
    for problem in runner.problems:
        print("FAIL", *problem)
    print(f"{runner.checks} checks, {len(runner.problems)} failed")
    sys.exit(1 if runner.problems else 0)


if __name__ == "__main__":
    main()
