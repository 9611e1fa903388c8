# SPDX-License-Identifier: Apache-2.0
"""Decides as POLICY 5 says, rule by rule, from the documents as they are written: no tables, no order that matters, no cleverness.
It shares nothing with the engine but the text of the specification and the comment at the head of engine.h."""

import datetime
import ipaddress
import re

RULES_SHOWN = 16  # SJ_DECISION_RULES
OBLIGATIONS_SHOWN = 8
REACH = {"unit": 3, "subtree": 4, "all": 5}
STRICT = ["", "initial", "last4", "month", "year", "hash", "redact", "null"]
RFC3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,6})?(Z|[+-]\d\d:\d\d)")
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
ERROR = None  # the third truth value


class Wrong(Exception):
    """A value that is not of its type."""


def microseconds(text):
    if not isinstance(text, str) or not RFC3339.fullmatch(text):
        raise Wrong
    try:
        moment = datetime.datetime.fromisoformat(re.sub(r"\.(\d+)", lambda m: "." + m[1].ljust(6, "0"), text).replace("Z", "+00:00"))
    except ValueError:
        raise Wrong from None
    return (moment - EPOCH) // datetime.timedelta(microseconds=1)


def address(text):
    """128 bits; IPv4 is mapped."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        raise Wrong from None
    return int(parsed) if parsed.version == 6 else int(parsed) | 0xFFFF << 32


def in_range(bits, text):
    base, _, length = text.partition("/")
    shift = 0 if not length else 128 - int(length) - (96 if ":" not in base else 0)
    return bits >> shift == address(base) >> shift


class Point:
    def __init__(self, files, units):
        self.root = files[0]
        self.files = files
        self.parent = dict(units)
        self.schema = self.root["schema"]
        self.closures = {role: self.closure(role) for role in self.root["roles"]}

    def closure(self, role):
        out = {role}
        for junior in self.root["roles"][role].get("inherits", []):
            out |= self.closure(junior)
        return out

    def within(self, inner, outer):
        while inner:
            if inner == outer:
                return True
            inner = self.parent[inner]
        return False

    # ---- values ----

    def typed(self, kind, value):
        if kind == "string":
            if not isinstance(value, str):
                raise Wrong
        elif kind == "bool":
            if not isinstance(value, bool):
                raise Wrong
        elif kind == "unit":
            if not isinstance(value, str) or value not in self.parent:
                raise Wrong
        elif kind == "ip":
            if not isinstance(value, str):
                raise Wrong
            return address(value)
        elif kind == "time":
            return microseconds(value)
        elif "int" in kind:
            low, high = kind["int"]
            if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
                raise Wrong
        elif "enum" in kind:
            if not isinstance(value, str) or value not in kind["enum"]:
                raise Wrong
        else:
            if not isinstance(value, list) or len(value) > 256:
                raise Wrong
            return [self.typed(kind["set"], item) for item in value]
        return value

    def read(self, attrs, given):
        return {name: self.typed(kind, given[name]) for name, kind in attrs.items() if given.get(name) is not None}

    # ---- conditions ----

    def reference(self, text):
        """(place, name, type), or None for a literal."""
        if not isinstance(text, str):
            return None
        place, dot, name = text.partition(".")
        if not dot or place not in ("subject", "resource", "context", "action"):
            return None
        attrs = self.attrs if place == "resource" else self.schema.get(place, {})
        return (place, name, attrs[name])

    def operand(self, text, kind):
        """The value of an operand; ERROR where it is missing. kind: what a literal is read as."""
        reference = self.reference(text)
        if reference is None:
            return [self.typed(kind, item) for item in text] if isinstance(text, list) else self.typed(kind, text)
        place, name, _ = reference
        value = self.world[place].get(name)
        if value is None and place == "context" and name == "now" and self.schema["context"].get("now") == "time":
            return self.now
        return value

    def compare(self, name, left, right):
        kinds = [r[2] for r in (self.reference(left), self.reference(right)) if r]
        if name == "ip_in":
            value = self.operand(left, "ip")
            return ERROR if value is None else any(in_range(value, r) for r in (right if isinstance(right, list) else [right]))
        scalar = kinds[0]["set"] if isinstance(kinds[0], dict) and "set" in kinds[0] else kinds[0]
        a, b = self.operand(left, scalar), self.operand(right, scalar)
        if a is None or b is None:
            return ERROR
        return {"eq": lambda: a == b, "ne": lambda: a != b, "lt": lambda: a < b, "le": lambda: a <= b, "gt": lambda: a > b,
                "ge": lambda: a >= b, "before": lambda: a < b, "after": lambda: a > b, "in": lambda: a in b, "has": lambda: b in a,
                "within": lambda: self.within(a, b)}[name]()

    def truth(self, condition):
        name = condition[0]
        if name == "not":
            inner = self.truth(condition[1])
            return ERROR if inner is ERROR else not inner
        if name in ("and", "or"):
            parts = [self.truth(part) for part in condition[1:]]
            if (name == "or") in parts:
                return name == "or"
            return ERROR if ERROR in parts else name == "and"
        return self.compare(name, condition[1], condition[2])

    def holds(self, rule):
        """Purpose and when together."""
        parts = []
        if "purpose" in rule:
            purpose = self.world["context"].get("purpose")
            parts.append(ERROR if purpose is None else purpose in rule["purpose"])
        if "when" in rule:
            parts.append(self.truth(rule["when"]))
        return False if False in parts else ERROR if ERROR in parts else True

    # ---- rules ----

    def about(self, rule):
        kind, verb = self.action.split(":")
        return any(d.split(":")[0] in ("*", kind) and d.split(":")[1] in ("*", verb) for d in rule["do"])

    def binds(self, file):
        if file is self.root:
            return True
        if self.binding is not None:
            return self.binding != "" and self.within(self.binding, file["owner_unit"])
        if self.attrs.get("unit") != "unit":
            return False
        return self.unit is None or self.within(self.unit, file["owner_unit"])

    def counts(self, grant):
        role, kind = grant["role"], grant.get("kind", "assigned")
        if grant.get("lapsed") or (grant.get("from", 0) and self.now < grant["from"]) or (grant.get("until", 0) and self.now >= grant["until"]):
            return False
        settings = self.root["roles"][role]
        if kind == "break_glass":
            return "break_glass" in self.root and role == self.root["break_glass"]["grants_role"]
        if "only_via" in settings or ("activation" in settings and not grant.get("active")):
            return False
        return kind != "delegated" or role in self.root.get("delegation", {}).get("roles", [])

    def covers(self, scope, grant):
        if self.reach_only or scope == "all":
            return True
        if not grant["unit"] or self.unit is None:
            return False
        return self.unit == grant["unit"] if scope == "unit" else self.within(self.unit, grant["unit"])

    def fields(self, names):
        classes = self.root["schema"]["types"][self.kind]["field_classes"]
        return {f for c, fields in classes.items() if c in names or "*" in names for f in fields}

    def shares(self, given):
        """Fields of a permit for each use; reading allows the rest unless the rule says less."""
        read = self.fields(given.get("read", []))
        rest = [self.fields(given[u]) & read if u in given else read for u in ("sort", "filter", "aggregate")]
        return [read, self.fields(given.get("write", [])), *rest]

    def permits(self, file):
        """(reach, ids, fields) of one file, or None."""
        found = []
        for rule in file["rules"]:
            if rule["effect"] != "permit" or not self.about(rule):
                continue
            scope = rule.get("scope", "all")
            if any(self.closures[g["role"]] & set(rule["roles"]) and self.covers(scope, g) for g in self.grants) and self.holds(rule) is True:
                found.append((REACH[scope], rule["id"], self.shares(rule.get("fields", {}))))
        if not found:
            return None
        widest = max(reach for reach, _, _ in found)
        if self.reach_only:
            found = [f for f in found if f[0] == widest]
        return widest, [f[1] for f in found], [set().union(*[f[2][use] for f in found]) for use in range(5)]

    def glass(self):
        section = self.root.get("break_glass")
        if section is None or self.reach_only or not self.about(section):
            return None
        if any(g.get("kind") == "break_glass" and self.covers(section["scope"], g) for g in self.grants):
            return REACH[section["scope"]], ["break_glass"], self.shares(section["fields"])
        return None

    def concerns(self, rule, file, glass):
        if not self.about(rule) or ("roles" in rule and not self.held & set(rule["roles"])):
            return False
        overridden = glass and not (file is self.root and rule["id"] in self.root["break_glass"]["cannot_override"])
        return not overridden and self.holds(rule) is not False

    def granted(self, glass):
        """(code, ids, reach, fields): what root and unit files give together, code "" when they do."""
        ordinary = self.permits(self.root)
        some, every = ordinary is not None, ordinary is not None
        total = ordinary
        for file in self.files[1:]:
            if not self.binds(file) or not any(r["effect"] == "permit" and self.about(r) for r in file["rules"]):
                continue
            one = self.permits(file)
            some, every = some or one is not None, every and one is not None
            if every:
                total = (min(total[0], one[0]), total[1] + one[1], [a & b for a, b in zip(total[2], one[2])])
        if glass and every:
            return "", total[1], max(total[0], glass[0]), [a | b for a, b in zip(total[2], glass[2])]
        if glass:
            return "", glass[1], glass[0], glass[2]
        if every:
            return "", total[1], total[0], total[2]
        return ("E_CEILING" if some else "E_NO_PERMIT"), [], 0, []

    def separated(self, request):
        for constraint in self.root.get("sod", []):
            if constraint["kind"] != "object" or self.action not in constraint["actions"]:
                continue
            done = {a for a in constraint["actions"] if a == self.action or "done" not in request or a in request["done"] or a in request["unsure"]}
            if len(done) >= constraint["n"]:
                return constraint["id"]
        return None

    def masks(self, read, glass):
        how, obligations = {}, []
        for file in filter(self.binds, self.files):
            for rule in file["rules"]:
                if rule["effect"] != "mask" or not self.concerns(rule, file, glass):
                    continue
                if "unless" in rule and self.truth(rule["unless"]) is True:
                    continue
                hit = self.fields(rule["classes"]) & read
                if hit and "oblige" in rule:
                    obligations.append(rule["id"])
                for field in hit:
                    word = rule["how"].get(field, rule["how"].get("*", ""))
                    how[field] = max(how.get(field, ""), word, key=STRICT.index)
        return how, obligations

    def line(self, code="", rule="", by=(), reach=0, fields=None, how=None, obligations=(), glass=False):
        order = [f for c in self.schema["types"][self.kind]["field_classes"].values() for f in c] if fields else []
        uses = [",".join(f for f in order if f in use) for use in fields or [set()] * 5]
        masks = ",".join(f"{f}={how[f]}" for f in order if f in how) if how else ""
        more = len(by) > RULES_SHOWN or len(obligations) > OBLIGATIONS_SHOWN
        return "|".join([str(int(not code)), code, rule, ",".join(by[:RULES_SHOWN]), str(reach), *uses, masks,
                         ",".join(obligations[:OBLIGATIONS_SHOWN]), str(int(glass)), str(int(more))])

    def decide(self, request):
        self.action = request["do"]
        self.kind = self.action.partition(":")[0]
        kind = self.schema["types"].get(self.kind)
        if kind is None or self.action.partition(":")[2] not in kind["actions"] or len(request["grants"]) > 64:
            return self.line("E_BAD_REQUEST")
        self.attrs = kind["attrs"]
        try:
            self.world = {place: self.read(self.schema.get(place, {}), request.get(place) or {}) for place in ("subject", "context", "action")}
            self.world["resource"] = self.read(self.attrs, request.get("resource") or {})
        except Wrong:
            return self.line("E_BAD_REQUEST")
        if request.get("inactive") or request.get("ended"):
            return self.line("E_INACTIVE" if request.get("inactive") else "E_SESSION")
        self.now = request["now"]
        self.reach_only = request.get("reach_only", False)
        self.binding = request.get("binds") if self.reach_only else None
        if self.reach_only:
            self.world["resource"] = {}
        self.unit = self.world["resource"].get("unit") if self.attrs.get("unit") == "unit" else None
        self.grants = [g for g in request["grants"] if self.counts(g)]
        self.held = set().union(*[self.closures[g["role"]] for g in self.grants])
        return self.by_rules(request)

    def by_rules(self, request):
        glass = self.glass()
        narrowing = [(file, rule) for file in filter(self.binds, self.files) for rule in file["rules"]]
        forbids = [r for f, r in narrowing if r["effect"] == "forbid" and self.concerns(r, f, glass)]
        if forbids:
            return self.line(forbids[0].get("code", "E_FORBIDDEN"), forbids[0]["id"], [r["id"] for r in forbids])
        separated = self.separated(request)
        if separated:
            return self.line("E_SOD", separated)
        requires = [r for f, r in narrowing if r["effect"] == "require" and self.concerns(r, f, glass)
                    and not all([self.truth(t) is True for t in r["that"]])]
        code, by, reach, fields = self.granted(glass)
        if code:
            return self.line(code)
        if requires:
            obligations = [r["id"] for r in requires[:RULES_SHOWN] if "oblige" in r]
            return self.line(requires[0].get("code", "E_REQUIRE"), requires[0]["id"], [r["id"] for r in requires], obligations=obligations)
        how, obligations = self.masks(fields[0], glass)
        clear = fields[0] - set(how)
        uses = [fields[0], fields[1], *[f & clear for f in fields[2:]]]
        return self.line("", by[0], by, reach, uses, how, sorted(obligations), bool(glass))
