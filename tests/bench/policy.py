#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Decisions of the policy engine in one thread: 30 roles x 60 permissions x 40 units with conditions, and 100 to 10,000 rules, beside
casbin and cedar-wasm on the same requests. All three must decide alike. npm packages are fetched into the build folder, by the lock file
beside this one."""

import argparse
import json
import os
import pathlib
import random
import shutil
import statistics
import subprocess

HERE = pathlib.Path(__file__).parent / "policy"
UNITS = {"u0": ""} | {f"u{i}": "u0" for i in range(1, 4)} | {f"u{i}": f"u{1 + i % 3}" for i in range(4, 40)}
ROLES = [f"r{i}" for i in range(30)]
STATES = ["open", "closed", "sealed"]
PURPOSES = ["care", "billing", "audit"]
SUBJECT = {"id": "string", "clearance": {"int": [0, 3]}, "status": {"enum": ["active", "suspended"]}}
CONTEXT = {"acr": {"int": [0, 3]}, "purpose": {"enum": PURPOSES}}
ATTRS = {"unit": "unit", "owner": "string", "level": {"int": [0, 3]}, "locked": "bool", "state": {"enum": STATES}}


def closures(rng):
    inherits = {r: ([ROLES[i - 10]] if i >= 10 and rng.random() < 0.6 else []) for i, r in enumerate(ROLES)}
    closed = {}
    for role in ROLES:  # a junior stands before its seniors
        closed[role] = {role}.union(*[closed[j] for j in inherits[role]])
    return inherits, closed


def up(unit):
    out = []
    while unit:
        out.append(unit)
        unit = UNITS[unit]
    return out


def rule(effect, actions, role=None, scope="all", when=None, that=None):
    return {"effect": effect, "actions": actions, "role": role, "scope": scope, "when": when, "that": that}


def condition(rng):
    one = rng.choice([["le", "resource.level", "subject.clearance"], ["eq", "resource.state", rng.choice(STATES)],
                      ["in", "context.purpose", rng.sample(PURPOSES, 2)]])
    return one if rng.random() < 0.6 else ["and", one, ["not", ["eq", "resource.locked", True]]]


def matrix(rng):
    """Each role has permissions of four types; suspended people, locked things and weak sessions are refused."""
    types = [f"t{i}" for i in range(12)]
    verbs = ["read", "list", "create", "update", "delete"]
    rules = [rule("permit", [f"{t}:{v}" for v in rng.sample(verbs, rng.randint(1, 5))], r, rng.choice(["unit", "subtree"]),
                  condition(rng) if rng.random() < 0.6 else None) for r in ROLES for t in rng.sample(types, 4)]
    everything = [f"{t}:{v}" for t in types for v in verbs]
    rules.append(rule("forbid", everything, when=["eq", "subject.status", "suspended"]))
    rules.append(rule("forbid", [a for a in everything if a.endswith((":update", ":delete"))], when=["eq", "resource.locked", True]))
    rules += [rule("forbid", [f"{t}:{v}" for v in verbs], rng.choice(ROLES), when=["eq", "resource.state", "sealed"]) for t in types[:4]]
    rules += [rule("require", [f"{t}:delete"], that=["ge", "context.acr", 2]) for t in types]
    return types, verbs, rules, [f"owner-{i}" for i in range(100)]


def many(rng, count):
    """All rules are about one type and three roles: nothing but the owner tells them apart."""
    verbs = ["read", "list", "create", "update", "delete"]
    rules = []
    for i in range(count):
        owner = ["eq", "resource.owner", f"owner-{i}"]
        if i % 20 == 19:
            rules.append(rule("forbid", [f"t0:{v}" for v in rng.sample(verbs, 2)], when=["and", owner, ["eq", "resource.locked", True]]))
        else:
            rules.append(rule("permit", [f"t0:{v}" for v in rng.sample(verbs, 3)], f"r{i % 3}", rng.choice(["unit", "subtree"]),
                              ["and", owner, ["le", "resource.level", "subject.clearance"]]))
    rules.append(rule("forbid", [f"t0:{v}" for v in verbs], when=["eq", "subject.status", "suspended"]))
    return ["t0"], verbs, rules, [f"owner-{i}" for i in range(count)]


def request(rng, types, verbs, owners, closed, roles):
    grants = [(rng.choice(roles), rng.choice(list(UNITS))) for _ in range(rng.randint(1, 3))]
    near = rng.random() < 0.7
    units = [u for u in UNITS if grants[0][1] in up(u)] if near else list(UNITS)
    unit = grants[0][1] if near and rng.random() < 0.5 else rng.choice(units)
    held = {}
    for role, where in grants:
        for one in closed[role]:
            held.setdefault(one, []).append(where)
    return {"do": f"{rng.choice(types)}:{rng.choice(verbs)}", "grants": [{"role": r, "unit": u} for r, u in grants], "held": held,
            "subject": {"id": f"s{rng.randrange(1000)}", "clearance": rng.randrange(4), "status": "suspended" if rng.random() < 0.03 else "active"},
            "resource": {"unit": unit, "up": up(unit), "owner": rng.choice(owners), "level": rng.randrange(4), "locked": rng.random() < 0.1,
                         "state": rng.choice(STATES)},
            "context": {"acr": rng.randrange(4), "purpose": rng.choice(PURPOSES)}}


def policy(types, verbs, rules, inherits):
    out = []
    for i, one in enumerate(rules):
        doc = {"id": f"R{i}", "effect": one["effect"], "do": one["actions"]}
        if one["role"] is not None:
            doc["roles"] = [one["role"]]
        if one["effect"] == "permit":
            doc |= {"scope": one["scope"], "fields": {"read": ["public"]}}
        if one["when"] is not None:
            doc["when"] = one["when"]
        if one["that"] is not None:
            doc["that"] = [one["that"]]
        out.append(doc)
    fields = {"public": ["title"], "personal": ["name"]}
    return {"format": "policy/1", "id": "bench", "version": 1,
            "schema": {"subject": SUBJECT, "context": CONTEXT, "types": {t: {"actions": verbs, "attrs": ATTRS, "field_classes": fields} for t in types}},
            "roles": {r: ({"inherits": inherits[r]} if inherits[r] else {}) for r in ROLES}, "rules": out}


def workload(name, seed, requests):
    rng = random.Random(seed)
    inherits, closed = closures(rng)
    types, verbs, rules, owners = matrix(rng) if name == "matrix" else many(rng, int(name))
    roles = ROLES if name == "matrix" else ["r0", "r1", "r2"]
    asked = [request(rng, types, verbs, owners, closed, roles) for _ in range(requests)]
    return {"policy": policy(types, verbs, rules, inherits), "rules": rules, "requests": asked}


def ours(program, load):
    lines = ["N"] + [f"U {u} {p}" for u, p in UNITS.items()] + ["P " + json.dumps(load["policy"]), "S"]
    lines += ["R " + json.dumps({k: q[k] for k in ("do", "grants", "subject", "context", "resource")}) for q in load["requests"]]
    run = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(run.stdout[-500:] + run.stderr[-500:])
    bits, figures = run.stdout.splitlines()
    return bits, json.loads(figures)


def modules(folder):
    """npm ci checks every package against the lock file's integrity."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder / name)
    if not (folder / "node_modules").exists():
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=folder, check=True)
    return folder


def theirs(engine, folder, load, limit):
    path = folder / "workload.json"
    path.write_text(json.dumps({"rules": load["rules"], "requests": load["requests"][:limit]}))
    run = subprocess.run(["node", HERE / "others.mjs", engine, path, str(limit)], capture_output=True, text=True, check=False,
                         env=dict(os.environ, MODULES=str(folder)))
    if run.returncode != 0:
        raise SystemExit(f"{engine}: {run.stderr[-3000:]}")
    bits, figures = run.stdout.splitlines()
    return bits, json.loads(figures)


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo", encoding="utf-8") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores, {model}; load {os.getloadavg()[0]:.1f} at the start"


def row(name, rules, engine, per_s, p50, p99, share, same):
    print(f"| {name} | {rules} | {engine} | {per_s:,.0f} | {p50} | {p99} | {share} | {same} |", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--requests", type=int, default=1000, help="different requests, asked again and again")
    parser.add_argument("--others", type=int, default=1000, help="requests that casbin and Cedar are asked, fewer above 1,000 rules")
    args = parser.parse_args()
    program = pathlib.Path(args.build) / "tests/bench/bench_policy"
    folder = modules(pathlib.Path(args.build) / "bench-policy")
    print(f"{machine()}\n\n| workload | rules | engine | decisions/s of CPU | p50 | p99 | permits | same decisions |\n|---|---|---|---|---|---|---|---|")
    for name in ("matrix", "100", "1000", "10000"):
        load = workload(name, 7, args.requests)
        runs = [ours(program, load) for _ in range(args.rounds)]
        bits = runs[0][0]
        cpu = sorted(r[1]["cpu_ns"] for r in runs)
        middle = {k: statistics.median(r[1][k] for r in runs) for k in ("cpu_ns", "wall_ns", "p50", "p99", "p999", "empty")}
        share = f"{bits.count('1') * 100 // len(bits)} %"
        label = "30 x 60 x 40" if name == "matrix" else "one type, by owner"
        count = len(load["rules"])
        row(label, count, f"sanjeh ({1e9 / cpu[-1]:,.0f}-{1e9 / cpu[0]:,.0f}; wall {1e9 / middle['wall_ns']:,.0f})", 1e9 / middle["cpu_ns"],
            f"{middle['p50']:.0f} ns", f"{middle['p99']:.0f} ns", share, f"{len(bits):,} asked")
        for engine in ("casbin", "cedar"):
            limit = args.others if count < 5000 else max(20, args.others // 20)
            answer, figures = theirs(engine, folder, load, limit)
            different = sum(a != b for a, b in zip(bits, answer))
            row(label, count, engine, figures["count"] / figures["cpu"], f"{figures['p50'] / 1000:.0f} us", f"{figures['p99'] / 1000:.0f} us",
                f"{answer.count('1') * 100 // len(answer)} %", f"{len(answer):,} of {len(answer):,}" if not different else f"{different} DIFFER")
            if different:
                raise SystemExit(f"{engine} decides {different} of {len(answer)} requests otherwise")


if __name__ == "__main__":
    main()
