#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""AuthZEN decisions over TLS keep-alive: single evaluations, and batches of twenty, about a domain with 40 units, 30 roles and
2,000 entities. Every request is one entry of the record, signed before it is answered."""

import argparse
import json

from bench_stack import BenchStack, Table, conditions, lua_file

CONNECTIONS = (64, 256)
UNITS, ROLES, SUBJECTS, RESOURCES, BATCH = 40, 30, 1000, 1000, 20


def domain():
    actions = [f"do{number}" for number in range(60)]
    roles = {f"r{number}": {"inherits": [f"r{number - 1}"]} if number % 3 else {} for number in range(ROLES)}
    rules = [{"id": f"P{number}", "effect": "permit", "roles": [f"r{number}"], "do": [f"case:do{action}" for action in (2 * number, 2 * number + 1)],
              "scope": "unit" if number % 2 else "subtree", "when": ["le", "resource.level", "subject.level"]} for number in range(ROLES)]
    rules.append({"id": "F1", "effect": "forbid", "do": ["case:*"], "when": ["eq", "resource.state", "locked"]})
    return {
        "policy": {"format": "policy/1", "id": "bench", "version": 1, "schema": {
            "subject": {"id": "string", "unit": "unit", "level": {"int": [0, 3]}},
            "types": {"case": {"actions": actions, "attrs": {"unit": "unit", "level": {"int": [0, 3]}, "state": {"enum": ["open", "locked"]}},
                               "field_classes": {"public": ["title"], "personal": ["name", "phone"]}}}}, "roles": roles, "rules": rules},
        "entities": {
            "units": [{"id": "u0"}] + [{"id": f"u{number}", "parent": f"u{(number - 1) // 3}"} for number in range(1, UNITS)],
            "subjects": [{"type": "user", "id": f"s{number}", "properties": {"unit": f"u{number % UNITS}", "level": number % 4},
                          "roles": [f"r{number % ROLES}", f"r{(number * 7) % ROLES}"]} for number in range(SUBJECTS)],
            "resources": [{"type": "case", "id": f"c{number}", "properties": {"unit": f"u{number * 13 % UNITS}", "level": number % 4,
                                                                             "state": "locked" if number % 11 == 0 else "open"}}
                          for number in range(RESOURCES)]}}


def question(number):
    return {"subject": {"type": "user", "id": f"s{number * 31 % SUBJECTS}"}, "action": {"name": f"do{number * 17 % 60}"},
            "resource": {"type": "case", "id": f"c{number * 7 % RESOURCES}"}}


def script(stack, name, path, bodies):
    stack.folder.joinpath(f"{name}.txt").write_text("\n".join(json.dumps(body) for body in bodies) + "\n")
    return lua_file(stack, f"{name}.lua", f"""
local requests = {{}} -- made once: the load generator shares the cores with the server
local headers = {{ ["Authorization"] = "Bearer {stack.client('admin.one').token}", ["Content-Type"] = "application/json" }}
init = function()
  for line in io.lines("{stack.folder}/{name}.txt") do
    requests[#requests + 1] = wrk.format("POST", "{path}", headers, line)
  end
end
request = function() return requests[math.random(#requests)] end
""")


def measure(stack, args):
    answer = stack.client("admin.one").request("PUT", "/api/v1/policy-domains/bench", json_body=domain())
    if answer.status != 201:
        raise RuntimeError(f"domain: {answer!r}")
    single = script(stack, "single", "/access/v1/bench/evaluation", [question(number) for number in range(2000)])
    batch = script(stack, "batch", "/access/v1/bench/evaluations",
                   [{"evaluations": [question(number * BATCH + item) for item in range(BATCH)]} for number in range(200)])
    table = Table()
    stack.wrk(64, 2, single)
    for _ in range(args.rounds):
        for connections in CONNECTIONS:
            table.add(f"one evaluation, {connections} TLS connections", stack.wrk(connections, args.seconds, single))
        table.add(f"batches of {BATCH}, 64 TLS connections", stack.wrk(64, args.seconds, batch))
    return table


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    stack = BenchStack.up(args.build, 100)
    try:
        stack.add_accounts({"admin.one": ("-", "-", "administrator", "راهبر")})
        table = measure(stack, args)
        print("# AuthZEN decisions over TLS\n")
        print(conditions(stack, args.seconds, args.rounds) + ".\n")
        print("\n".join(table.lines()))
        best = table.best([f"one evaluation, {count} TLS connections" for count in CONNECTIONS])
        batch = table.rate(f"batches of {BATCH}, 64 TLS connections") * BATCH
        print(f"\n| figure | value | aim |\n|---|---|---|\n| evaluations a second, one a request ({best}) | **{table.rate(best):,.0f}** | >= 10,000 |"
              f"\n| decisions a second in batches of {BATCH} | **{batch:,.0f}** | - |")
    finally:
        stack.destroy()


if __name__ == "__main__":
    main()
