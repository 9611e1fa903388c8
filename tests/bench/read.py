#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Audited read of one judge over TLS keep-alive, beside the best SQL alternative: pgbench doing the same SELECT and its
own committed audit INSERT per transaction, on the same cluster in the same run. And memory, at rest and per idle
connection."""

import argparse
import resource
import socket
import ssl
import time

from bench_stack import BENCH_ID, BenchStack, Table, conditions, lua_file, quote, ratio_line, sql_file

CONNECTIONS = (64, 256)
CLIENTS = (8, 32, 64)
SELECT = f"""select j.unit_id, j.id, j.personnel_number, j.national_number, j.name, j.key_version, j.status, j.sex, j.birth_year,
 j.education, j.first_appointment, j.judicial_base, j.version, j.created_at from sanjeh.judge j
 where j.unit_id = '{{unit}}'::uuid and j.id = {BENCH_ID.format(n=':n')};"""
INSERT = ("insert into public.bench_audit values (nextval('public.bench_index'), decode(repeat('5a', 250), 'hex'), "
          "sha256(decode(repeat('5a', 250), 'hex')));")


def scripts(stack):
    select, context = SELECT.format(unit=stack.unit).replace("\n", " "), quote(stack.context())
    steps = ["begin;", f"select set_config('sanjeh.context', {context}, true);", select, INSERT, "commit;"]
    bare = ["begin;", select, INSERT, "commit;"]
    head = "\\set n random(1, :count)\n"
    return {
        "plain": (sql_file(stack, "plain.sql", head + "\n".join(steps)), "app"),
        "pipelined": (sql_file(stack, "pipelined.sql",
                               head + "\\startpipeline\n" + "\n".join(steps) + "\n\\endpipeline\n"), "app"),
        "plain, no row security": (sql_file(stack, "bare.sql", head + "\n".join(bare)), "admin"),
    }


def wrk_script(stack):
    stack.folder.joinpath("ids.txt").write_text("\n".join(stack.ids) + "\n")
    return lua_file(stack, "read.lua", f"""
local requests = {{}} -- made once: the load generator shares the cores with the server
local headers = {{ ["Authorization"] = "Bearer {stack.client('hrd.manager').token}" }}
init = function()
  for line in io.lines("{stack.folder}/ids.txt") do
    requests[#requests + 1] = wrk.format("GET", "/api/v1/judges/" .. line, headers)
  end
end
request = function() return requests[math.random(#requests)] end
""")


def idle_connections(stack, count):
    """KiB of both processes per idle TLS connection that has made one request."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, count + 256)), hard))
    context = ssl.create_default_context(cafile=str(stack.ca_file))
    before = stack.rss()
    open_ones = []
    for _ in range(count):
        plain = socket.create_connection(("127.0.0.1", stack.port), timeout=20)
        tls = context.wrap_socket(plain, server_hostname="localhost")
        tls.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
        if b" 200 " not in tls.recv(4096):
            raise RuntimeError("an idle connection was refused")
        open_ones.append(tls)
    time.sleep(1)
    after = stack.rss()
    for tls in open_ones:
        tls.close()
    return (after[0] + after[1] - before[0] - before[1]) / count, count


def measure(stack, args):
    table = Table()
    stack.stop()
    stack.start()
    time.sleep(1)
    at_rest = stack.rss()
    load, alternatives = wrk_script(stack), scripts(stack)
    stack.wrk(64, 2, load)  # warm caches and plans
    for _ in range(args.rounds):
        for connections in CONNECTIONS:
            table.add(f"Sanjeh, {connections} TLS connections", stack.wrk(connections, args.seconds, load))
        for name, (script, role) in alternatives.items():
            for clients in CLIENTS:
                table.add(f"pgbench {name}, {clients} clients", stack.pgbench(clients, args.seconds, script, role))
    per_connection, count = idle_connections(stack, 1000)
    return table, at_rest, per_connection, count


def report(stack, args, table, at_rest, per_connection, count):
    ours = f"Sanjeh, {CONNECTIONS[0]} TLS connections"
    best = {name: table.best([f"pgbench {name}, {clients} clients" for clients in CLIENTS])
            for name in ("plain", "pipelined", "plain, no row security")}
    print("# Audited read of one judge\n")
    print(conditions(stack, args.seconds, args.rounds) + ".\n")
    print("\n".join(table.lines()))
    print("\n| ratio | of | value | aim |\n|---|---|---|---|")
    print(ratio_line(table, "beside plain pgbench", ">= 3", ours, best["plain"]))
    print(ratio_line(table, "beside pipelined pgbench", ">= 1.5", ours, best["pipelined"]))
    print(ratio_line(table, "beside plain pgbench without row security", "-", ours, best["plain, no row security"]))
    print("\n| memory | KiB | aim |\n|---|---|---|")
    print(f"| resident at rest, front | {at_rest[0]:,} | |\n| resident at rest, keeper | {at_rest[1]:,} | |")
    print(f"| resident at rest, both (shared pages counted twice) | {at_rest[0] + at_rest[1]:,} | 30,720 |")
    print(f"| proportional at rest, both | {at_rest[2]:,} | |")
    print(f"| per idle TLS connection ({count} open) | {per_connection:.1f} | 30 |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--judges", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    stack = BenchStack.up(args.build, args.judges)
    try:
        report(stack, args, *measure(stack, args))
    finally:
        stack.destroy()


if __name__ == "__main__":
    main()
