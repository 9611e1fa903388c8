# SPDX-License-Identifier: Apache-2.0
"""Is the comparison of two policies right? Random pairs of them, decided by the naive evaluator (naive.py), which shares nothing with the
engine: whenever the new one gives a random request more than the old one, a widened cell must say so, and less, a narrowed one; and every
cell's example must differ as the cell says. usage: test_diff.py <sanjeh> [seed [pairs]]"""

import copy
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

from generate import ROLES, TYPES, UNITS, Generator, seed_of
from naive import Point

REQUESTS = 250
SEED = 3_626_237_364  # found that a requirement falls behind one that stays
SOME_TIME = 1_767_225_600_000_000  # what an example without a time is decided at
USES = ("read", "write", "sort", "filter", "aggregate")
STRICT = ["", "initial", "last4", "month", "year", "hash", "redact", "null"]


class Pairs(Generator):
    """Smaller policies than the engine's own differential test: cells should be provable."""

    def small(self, number):
        root = self.root(number)
        root["rules"] = [self.simple(i) for i in range(self.rng.randint(4, 9))]
        if "break_glass" in root:
            ids = [r["id"] for r in root["rules"] if r["effect"] != "permit"]
            root["break_glass"]["cannot_override"] = [i for i in ids if self.rng.random() < 0.4]
        return root

    def simple(self, number):
        rule = self.rule(number, ROLES[:6])
        if self.rng.random() < 0.5:
            rule.pop("when", None)
            if rule["effect"] == "forbid":
                rule["when"] = ["eq", "subject.status", "suspended"]
        return rule

    def small_unit(self):
        doc = self.unit_file(1, self.rng.choice(["u0", "u1", "w0"]))
        doc["rules"] = [dict(self.simple(i), id=f"U{i}") for i in range(self.rng.randint(1, 3))]
        return doc

    def mutate(self, before):
        rng = self.rng
        after = copy.deepcopy(before)
        after["version"] += 1
        kept = {i for i in before.get("break_glass", {}).get("cannot_override", [])}
        for _ in range(rng.randint(1, 3)):
            place = rng.randrange(len(after["rules"]))
            rule = after["rules"][place]
            roll = rng.random()
            if roll < 0.2 and rule["id"] not in kept and len(after["rules"]) > 1:
                del after["rules"][place]
            elif roll < 0.4:
                after["rules"].append(dict(self.simple(0), id=f"N{len(after['rules'])}x{rng.randrange(1 << 30)}"))
            elif roll < 0.5 and "when" in rule:
                del rule["when"]
            elif roll < 0.65 and "roles" in rule:
                rule["roles"] = rng.sample(ROLES[:6], rng.randint(1, 3))
            elif roll < 0.75 and rule["effect"] == "mask":
                rule["how"] = {"*": rng.choice(STRICT[1:])}
            elif roll < 0.85 and rule["effect"] == "permit" and not any(d.startswith(("memo", "*")) for d in rule["do"]):
                rule["scope"] = rng.choice(["unit", "subtree", "all"])
            elif rule["effect"] == "permit":
                rule["fields"] = {"read": self.classes([d.split(":")[0] for d in rule["do"] if d[0] != "*"] or ["case"])}
        return after


def parsed(line, point):
    """What the naive evaluator's line gives: level, fields for each use, masks, what is asked for."""
    part = line.split("|")
    level = 2 if part[0] == "1" else 0
    rules = {r["id"]: r for f in point.files for r in f["rules"]}
    if level == 0 and part[3] and rules[part[3].split(",")[0]]["effect"] == "require":
        level = 1
    fields = [set(filter(None, p.split(","))) for p in part[5:10]]
    masks = dict(m.split("=") for m in part[10].split(",") if m)
    asked = {key(rules[i]) for i in part[11].split(",") if i}
    if level == 1:
        asked |= {key(rules[i]) for i in part[3].split(",")}
    return level, fields, masks, asked


def key(rule):
    return json.dumps(rule["oblige"] if "oblige" in rule else rule, sort_keys=True)


def class_of(kind, field):
    return next(c for c, fields in TYPES[kind]["field_classes"].items() if field in fields)


def gains(kind, less, more):
    """(cell kinds that may say it, class) of everything that the second gives beyond the first."""
    out = set()
    if more[0] > less[0]:
        out.add((("permit",), ""))
    elif more[0] == less[0] == 1 and less[3] - more[3]:
        # Refused on both sides by a requirement that stayed, and one that fell is not told any more: who is given the action without
        # the one that stayed was told as permitted.
        out.add((("require", "permit"), ""))
    elif more[0] == less[0] == 2 and less[3] - more[3] and less[1][0] <= more[1][0]:
        # A mask's obligation goes with the fields that it masks: without them it may fall, and who is shown them is told as such.
        out.add((("require", "permit", "read", "mask"), None))
    for use, was, now in zip(USES, less[1], more[1]):
        for field in now - was:
            out.add(((use, "read", "mask") if use not in ("read", "write") else (use,), class_of(kind, field)))
    for field in less[1][0] & more[1][0]:
        if STRICT.index(more[2].get(field, "")) < STRICT.index(less[2].get(field, "")):
            out.add((("mask",), class_of(kind, field)))
    return out


def uncovered(cells, change, action, roles, wanted):
    for kinds, name in wanted:
        if not any(c["change"] == change and c["action"] == action and set(c["roles"]) <= roles and
                   (not c["proven"] or (c["kind"] in kinds and name in (None, c["class"]))) for c in cells):
            yield kinds, name


def example_request(example):
    on = dict(example["on"])
    kind = on.pop("type")
    subject = dict(example["subject"])
    grants = [{"role": g["role"], "unit": g.get("unit", ""), "active": True, **({"kind": "break_glass"} if "via" in g else {})}
              for g in subject.pop("roles")]
    return kind, {"do": example["do"], "now": SOME_TIME, "grants": grants, "subject": subject, "resource": on, "context": example["ctx"],
                  "action": example.get("action", {}), "done": [], "unsure": []}


def run_diff(program, folder, before, after, unit_file):
    paths = []
    for name, doc in (("before", before), ("after", after), ("units", {n: p or None for n, p in UNITS}), ("unit", unit_file)):
        paths.append(folder / f"{name}.json")
        paths[-1].write_text(json.dumps(doc))
    words = ["--unit-file", paths[3]] if unit_file else []
    run = subprocess.run([program, "policy", "diff", "--domain", "--json", "--units", paths[2], *words, paths[0], paths[1]], capture_output=True,
                         text=True, check=False)
    if run.returncode not in (0, 1):
        raise SystemExit(f"{run.returncode} {run.stderr}\n{json.dumps(before)}\n{json.dumps(after)}")
    diff = json.loads(run.stdout)
    if (run.returncode == 1) != diff["widens"]:
        raise SystemExit("the exit code says another thing than the result")
    return diff["cells"]


def check_pair(program, folder, seed, counts):
    pairs = Pairs(random.Random(seed))
    before = pairs.small(seed % 1000)
    after = pairs.mutate(before)
    unit_file = pairs.small_unit() if pairs.rng.random() < 0.3 else None
    cells = run_diff(program, folder, before, after, unit_file)
    more = [unit_file] if unit_file else []
    old, new = Point([before, *more], UNITS), Point([after, *more], UNITS)
    problems = []
    for cell in cells:
        counts[cell["change"] if cell["proven"] else "not proven"] = counts.get(cell["change"] if cell["proven"] else "not proven", 0) + 1
        if cell["example"] is None:
            continue
        kind, request = example_request(cell["example"])
        a, b = parsed(old.decide(request), old), parsed(new.decide(request), new)
        less, more = (a, b) if cell["change"] == "widened" else (b, a)
        fallen = cell["kind"] == "require" and less[0] == more[0] and less[3] - more[3]
        if not fallen and not any(cell["kind"] in kinds and name in (None, cell["class"]) for kinds, name in gains(kind, less, more)):
            problems.append(("an example does not differ so", cell, a, b))
    for _ in range(REQUESTS):
        request = pairs.request()
        if request.get("reach_only"):
            continue
        a, b = parsed(old.decide(request), old), parsed(new.decide(request), new)
        kind, roles = request["do"].split(":")[0], {g["role"] for g in request["grants"]}
        if kind not in TYPES:
            continue
        for change, less, more in (("widened", a, b), ("narrowed", b, a)):
            wanted = gains(kind, less, more)
            counts["requests that differ"] = counts.get("requests that differ", 0) + bool(wanted)
            # Where a cell is not proven it stands as widened alone.
            if change == "narrowed" and any(not c["proven"] and c["action"] == request["do"] for c in cells):
                continue
            problems += [("no cell says so", change, missing, request, a, b) for missing in uncovered(cells, change, request["do"], roles, wanted)]
    return problems, before, after


def main():
    program = sys.argv[1]
    long = bool(os.environ.get("SANJEH_LONG"))
    seed = seed_of(sys.argv[2:], SEED)
    total = int(sys.argv[3]) if len(sys.argv) > 3 else (1500 if long else 25)
    print(f"seed {seed}: {total} pairs", flush=True)
    counts = {}
    with tempfile.TemporaryDirectory() as folder:
        for i in range(total):
            problems, before, after = check_pair(program, pathlib.Path(folder), seed * 10_000 + i, counts)
            if problems:
                print(json.dumps(before), json.dumps(after), sep="\n")
                for problem in problems[:3]:
                    print(problem)
                raise SystemExit(f"pair {i}: {len(problems)} problems")
    print(counts)
    for what in ("widened", "narrowed", "requests that differ"):
        if counts.get(what, 0) < total // 2:
            raise SystemExit(f"{what}: {counts.get(what, 0)} only: the pairs do not try it")


if __name__ == "__main__":
    main()
