# SPDX-License-Identifier: Apache-2.0
"""Random policies of policy/1 and random requests, small enough that rules meet: every operator, effect, section and kind of grant.
Everything comes from one random.Random, so that a seed is a whole run."""

import json
import os
import random

UNITS = [("u0", ""), ("u1", "u0"), ("u2", "u0"), ("u11", "u1"), ("u12", "u1"), ("u111", "u11"), ("w0", ""), ("w1", "w0")]
NOW = 1_800_000_000_000_000
TIMES = ["2026-12-01T00:00:00Z", "2027-01-15T08:00:00Z", "2027-01-15T11:30:00+03:30", "2027-03-01T12:00:00.5Z"]
WORDS = ["open", "closed", "sealed"]
NAMES = ["ann", "bob", "cem", "dan"]
TAGS = ["red", "blue", "green"]
IPS = ["192.0.2.1", "192.0.2.77", "198.51.100.4", "2001:db8::1", "2001:db8:0:1::9"]
RANGES = ["192.0.2.0/24", "192.0.2.64/26", "198.51.100.4", "2001:db8::/48", "::/0", "0.0.0.0/0"]
SUBJECT = {"id": "string", "unit": "unit", "clearance": {"int": [0, 3]}, "status": {"enum": ["active", "suspended"]},
           "tags": {"set": "string"}, "states": {"set": {"enum": WORDS}}, "since": "time", "units": {"set": "unit"}}
CONTEXT = {"acr": {"int": [0, 3]}, "purpose": {"enum": ["care", "billing", "audit"]}, "ip": "ip", "now": "time", "approvals": {"int": [0, 2]}}
ACTION = {"soft": "bool", "reason": "string"}
CASE = {"unit": "unit", "owner": "string", "level": {"int": [0, 3]}, "locked": "bool", "state": {"enum": WORDS}, "opened": "time",
        "labels": {"set": "string"}, "levels": {"set": {"int": [0, 3]}}, "home": "unit", "addr": "ip"}
TYPES = {
    "case": {"actions": ["read", "list", "update", "close", "delete"], "attrs": CASE,
             "field_classes": {"public": ["id", "title"], "internal": ["summary"], "personal": ["name", "phone"], "sealed": ["health"]}},
    "doc": {"actions": ["read", "list", "update"], "attrs": {"unit": "unit", "owner": "string", "level": {"int": [0, 3]}},
            "field_classes": {"public": ["*"], "personal": ["author"]}},
    "memo": {"actions": ["read", "send"], "attrs": {"owner": "string", "level": {"int": [0, 3]}}, "field_classes": {"public": ["id"]}},
}
ROLES = ["reader", "worker", "boss", "admin", "auditor", "duty", "emergency"]
HOW = ["initial", "last4", "month", "year", "hash", "redact", "null"]
SCOPES = ["unit", "subtree", "all", None]


def seed_of(run, kept):
    """A default run is the same everywhere (the kept seed), so that its answer is about the change and not about luck; a long run
    (SANJEH_LONG) and one that names its seed (the first of run's arguments) look for what nobody has found yet."""
    if run:
        return int(run[0])
    return random.SystemRandom().randrange(1 << 32) if os.environ.get("SANJEH_LONG") else kept


def attrs_of(types):
    """References that every one of the types has, with their types."""
    out = {f"subject.{n}": t for n, t in SUBJECT.items()}
    out.update({f"context.{n}": t for n, t in CONTEXT.items()})
    out.update({f"action.{n}": t for n, t in ACTION.items()})
    shared = [TYPES[t]["attrs"] for t in types]
    out.update({f"resource.{n}": t for n, t in shared[0].items() if all(s.get(n) == t for s in shared)})
    return out


def key(kind):
    return json.dumps(kind)


class Generator:
    def __init__(self, rng):
        self.rng = rng

    def literal(self, kind):
        rng = self.rng
        if kind == "string":
            return rng.choice(NAMES + TAGS)
        if kind == "bool":
            return rng.random() < 0.5
        if kind == "unit":
            return rng.choice(UNITS)[0]
        if kind == "ip":
            return rng.choice(IPS)
        if kind == "time":
            return rng.choice(TIMES)
        if "int" in kind:
            return rng.randint(*kind["int"])
        if "enum" in kind:
            return rng.choice(kind["enum"])
        return [self.literal(kind["set"]) for _ in range(rng.randint(0, 3))]

    def comparison(self, refs):
        rng = self.rng
        reference = rng.choice(self.likely(refs))
        kind = refs[reference]
        is_set = isinstance(kind, dict) and "set" in kind
        same = [r for r in refs if refs[r] == kind and r != reference]
        if is_set:
            element = kind["set"]
            others = [r for r in refs if refs[r] == element]
            other = rng.choice(others) if others and rng.random() < 0.5 else self.literal(element)
            return ["has", reference, other] if rng.random() < 0.5 else ["in", other, reference]
        if kind == "ip" and rng.random() < 0.7:
            ranges = rng.choice(RANGES) if rng.random() < 0.5 else rng.sample(RANGES, rng.randint(1, 3))
            return ["ip_in", reference, ranges]
        if rng.random() < 0.2:
            return ["in", reference, [self.literal(kind) for _ in range(rng.randint(1, 3))]]
        names = ["eq", "ne"]
        if kind == "unit":
            names += ["within", "within", "within"]
        elif kind == "time":
            names += ["before", "after", "before", "after"]
        elif isinstance(kind, dict) and "int" in kind:
            names += ["lt", "le", "gt", "ge", "eq"]
        other = rng.choice(same) if same and rng.random() < 0.4 else self.literal(kind)
        pair = [reference, other] if rng.random() < 0.85 else [other, reference]
        return [rng.choice(names), *pair]

    def likely(self, refs):
        return [r for r in refs if r.startswith("resource.")] + list(refs) if self.rng.random() < 0.5 else list(refs)

    def condition(self, refs, depth=0):
        rng = self.rng
        roll = rng.random()
        if depth > 3 or roll < 0.55:
            return self.comparison(refs)
        if roll < 0.7:
            return ["not", self.condition(refs, depth + 1)]
        name = "and" if roll < 0.87 else "or"
        return [name, *[self.condition(refs, depth + 1) for _ in range(rng.randint(1, 3))]]

    def verbs(self):
        """What a rule is about, and the types that this hits."""
        rng = self.rng
        roll = rng.random()
        if roll < 0.1:
            return ["*:*"], list(TYPES)
        if roll < 0.2:
            return ["*:read"], list(TYPES)
        kinds = rng.sample(list(TYPES), rng.choice([1, 1, 1, 2]))
        out = []
        for kind in kinds:
            if rng.random() < 0.4:
                out.append(f"{kind}:*")
            else:
                actions = TYPES[kind]["actions"]
                out += [f"{kind}:{a}" for a in rng.sample(actions, rng.randint(1, len(actions)))]
        return out, kinds

    def classes(self, kinds):
        names = sorted({c for k in kinds for c in TYPES[k]["field_classes"]}) + ["*"]
        return self.rng.sample(names, self.rng.randint(1, min(3, len(names))))

    def permit(self, rule, kinds, roles):
        rng = self.rng
        rule["roles"] = rng.sample(roles, rng.randint(1, 4))
        scope = rng.choice(SCOPES)
        if scope in ("unit", "subtree") and "memo" in kinds:
            scope = "all"
        if scope is not None:
            rule["scope"] = scope
        if rng.random() < 0.8:
            rule["fields"] = {"read": self.classes(kinds)}
            for part in ("write", "sort", "filter", "aggregate"):
                if rng.random() < 0.3:
                    rule["fields"][part] = self.classes(kinds)

    def rule(self, number, roles):
        rng = self.rng
        effect = rng.choices(["permit", "forbid", "require", "mask"], [8, 1.5, 2, 2.5])[0]
        do, kinds = self.verbs()
        refs = attrs_of(kinds)
        rule = {"id": f"{effect[0].upper()}{number}", "effect": effect, "do": do}
        if effect == "permit":
            self.permit(rule, kinds, roles)
        elif rng.random() < 0.3:
            rule["roles"] = rng.sample(roles, rng.randint(1, 2))
        if rng.random() < (0.4 if effect in ("permit", "mask") else 0.85):
            rule["when"] = self.condition(refs)
            if effect == "forbid" and rng.random() < 0.8:
                rule["when"] = ["and", rule["when"], self.comparison(refs), self.comparison(refs)]
        elif effect == "forbid":
            rule["when"] = ["and", ["eq", "resource.owner", rng.choice(NAMES)], self.comparison(refs)] if rng.random() < 0.5 else [
                "and", self.comparison(refs), self.comparison(refs), self.comparison(refs)]
        if rng.random() < 0.15:
            rule["purpose"] = rng.sample(CONTEXT["purpose"]["enum"], rng.randint(1, 2))
        if effect in ("forbid", "require") and rng.random() < 0.3:
            rule["code"] = f"E_{'ABCD'[number % 4]}"
        if effect == "require":
            rule["that"] = [self.condition(refs) for _ in range(rng.randint(1, 2))]
        if effect == "mask":
            rule["classes"] = self.classes(kinds)
            rule["how"] = {"*": rng.choice(HOW)}
            if "case" in kinds and rng.random() < 0.5:
                rule["how"][rng.choice(["phone", "name"])] = rng.choice(HOW)
            if rng.random() < 0.7:
                rule["unless"] = self.condition(refs)
        if effect in ("require", "mask") and rng.random() < 0.5:
            rule["oblige"] = ({"type": "step-up", "acr_value": "acr2"} if rng.random() < 0.5 else
                              {"type": "approval", "by_role": "boss", "distinct_from": ["subject"], "ttl_minutes": 60})
        return rule

    def root(self, number):
        rng = self.rng
        roles = {"reader": {}, "worker": {}, "boss": {}, "admin": {}, "auditor": {}, "duty": {"activation": {"mode": "on_demand", "max_minutes": 60}},
                 "emergency": {"only_via": "break_glass"}}
        order = ["reader", "worker", "duty", "boss", "admin"]
        for place, name in enumerate(order):
            juniors = [j for j in order[:place] if rng.random() < 0.35]
            if juniors:
                roles[name]["inherits"] = juniors
        if rng.random() < 0.3:
            roles["emergency"]["inherits"] = ["reader"]
        rules = [self.rule(i, ROLES[:6] + (["emergency"] if rng.random() < 0.2 else [])) for i in range(rng.choice([8, 12, 16, 22, 40]))]
        doc = {"format": "policy/1", "id": f"random-{number}", "version": 1 + number,
               "schema": {"subject": SUBJECT, "context": CONTEXT, "action": ACTION, "types": TYPES}, "roles": roles, "rules": rules}
        if rng.random() < 0.5:
            kind = rng.choice(["case", "doc"])
            actions = [f"{kind}:{a}" for a in rng.sample(TYPES[kind]["actions"], rng.randint(2, 3))]
            doc["sod"] = [{"id": "S1", "kind": "object", "actions": actions, "n": rng.randint(2, len(actions))}]
        if rng.random() < 0.6:
            stands = [r["id"] for r in rules if r["effect"] != "permit" and rng.random() < 0.3]
            doc["break_glass"] = {"who": ["worker"], "grants_role": "emergency", "scope": rng.choice(["unit", "subtree"]),
                                  "do": rng.sample(["case:read", "case:list", "doc:read", "case:update"], 2), "fields": {"read": ["*"]},
                                  "minutes": 30, "needs": {"acr": 2, "reason_min_chars": 20}, "notify": ["admin"], "review_hours": 48,
                                  "cannot_override": stands}
        if rng.random() < 0.6:
            doc["delegation"] = {"roles": rng.sample(["worker", "boss", "duty"], 2), "max_days": 14, "depth": 1, "sod_applies": True}
        return doc

    def unit_file(self, number, owner):
        rules = [self.rule(i, ROLES[:6]) for i in range(self.rng.randint(1, 5))]
        return {"format": "policy/1", "id": f"unit-{number}", "version": 1, "owner_unit": owner, "binds": "subtree", "rules": rules}

    def files(self, number):
        owners = self.rng.sample(["u1", "u11", "u2", "w0", "u0"], self.rng.choice([0, 0, 1, 2]))
        return [self.root(number), *[self.unit_file(i, owner) for i, owner in enumerate(owners)]]

    # ---- requests ----

    def values(self, attrs, missing=0.12, wrong=0.0):
        rng = self.rng
        out = {}
        for name, kind in attrs.items():
            if rng.random() < missing:
                if rng.random() < 0.5:
                    out[name] = None
                continue
            out[name] = self.bad(kind) if wrong and rng.random() < wrong else self.literal(kind)
        return out

    def bad(self, kind):
        rng = self.rng
        if kind == "string":
            return rng.choice([1, True, ["ann"], {}])
        if isinstance(kind, dict) and "set" in kind:
            return rng.choice(["red", 3, [None], [[]], [{}], ["ann", 1, True]])
        return rng.choice(["nowhere", 99, -1, [], {}, "2027-13-01T00:00:00Z", "300.1.1.1"] + ([True] if kind != "bool" else []))

    def grant(self, roles=ROLES):
        rng = self.rng
        grant = {"role": rng.choice(roles), "unit": rng.choice(UNITS)[0], "active": rng.random() < 0.5}
        kind = rng.choices(["assigned", "delegated", "break_glass"], [6, 2, 1])[0]
        if kind == "break_glass" and rng.random() < 0.8:
            grant["role"] = "emergency"
        if kind != "assigned":
            grant["kind"] = kind
        if rng.random() < 0.1:
            grant["unit"] = ""
        if rng.random() < 0.1:
            grant["lapsed"] = True
        if rng.random() < 0.2:
            grant["from"] = NOW + rng.choice([-1, 0, 1, -10**9, 10**9])
        if rng.random() < 0.2:
            grant["until"] = NOW + rng.choice([-1, 0, 1, -10**9, 10**9])
        return grant

    def request(self):
        rng = self.rng
        kind = rng.choices(list(TYPES), [6, 2, 1])[0]
        wrong = 0.03 if rng.random() < 0.1 else 0.0
        missing = rng.choice([0.0, 0.05, 0.05, 0.2, 0.5])
        request = {"do": f"{kind}:{rng.choice(TYPES[kind]['actions'])}", "now": NOW,
                   "grants": [self.grant() for _ in range(rng.choice([0, 1, 2, 3, 4, 5]))],
                   "subject": self.values(SUBJECT, missing, wrong), "resource": self.values(TYPES[kind]["attrs"], missing, wrong),
                   "context": self.values(CONTEXT, missing, wrong), "action": self.values(ACTION, missing, wrong)}
        roll = rng.random()
        if roll < 0.01:
            request["do"] = rng.choice(["case:fly", "none", ""])
        elif roll < 0.02:
            request["inactive"] = True
        elif roll < 0.03:
            request["ended"] = True
        elif roll < 0.11:
            request["reach_only"] = True
            if rng.random() < 0.4:
                request["binds"] = rng.choice(UNITS)[0] if rng.random() < 0.9 else ""
        elif roll < 0.14:
            del request[rng.choice(["subject", "resource", "context", "action"])]
        elif roll < 0.143:
            request["grants"] = [self.grant() for _ in range(rng.choice([63, 64, 65, 70]))]
        if rng.random() < 0.9:
            all_actions = [f"{k}:{a}" for k in TYPES for a in TYPES[k]["actions"]]
            request["done"] = [a for a in all_actions if rng.random() < 0.15]
            request["unsure"] = [a for a in all_actions if rng.random() < 0.03]
        return request


def lines_of(files):
    """What a program that reads points (point.h) is fed first."""
    out = ["N"] + [f"U {name} {parent}" for name, parent in UNITS]
    out += [("P " if i == 0 else "F ") + json.dumps(doc) for i, doc in enumerate(files)]
    return [*out, "S"]
