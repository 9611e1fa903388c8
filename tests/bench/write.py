#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Single-object writes (POST /api/v1/judges: register a judge with its key and blind indexes) over TLS keep-alive, beside
pgbench doing the same INSERTs and its own committed audit INSERT per transaction."""

import argparse

from bench_stack import BenchStack, Table, conditions, lua_file, ratio_line, sql_file

CONNECTIONS = (8, 16, 32, 64)
CLIENTS = (8, 32, 64)


def wrk_script(stack, run):
    return lua_file(stack, "write.lua", f"""
local n = 0
local headers = {{ ["Authorization"] = "Bearer {stack.client('hrd.manager').token}", ["Content-Type"] = "application/json" }}
request = function()
    n = n + 1
    return wrk.format("POST", "/api/v1/judges", headers, '{{"personnel_number":"W{run}-' .. n .. '","name":"قاضی نمونه"}}')
end
""")


def alternative(stack):
    """What one POST stores: judge, subject key, blind indexes of the number and of two name tokens, audit entry."""
    columns = stack.sql("select octet_length(personnel_number), octet_length(name) from sanjeh.judge limit 1").split("|")
    wrapped = stack.sql("select octet_length(wrapped) from sanjeh.subject_key limit 1")
    blob = "decode(repeat('5a', {}), 'hex')"
    unit = f"'{stack.unit}'::uuid"
    inserts = [
        f"insert into sanjeh.subject_key (unit_id, subject_id, version, wrapped) values ({unit}, :id, 1, {blob.format(wrapped)});",
        "insert into sanjeh.judge (unit_id, id, personnel_number, name, key_version, status, created_by) values "
        f"({unit}, :id, {blob.format(columns[0])}, {blob.format(columns[1])}, 1, 'active', :id);",
        "insert into sanjeh.blind_index (unit_id, table_no, index_no, version, bi, row_id, is_unique) values "
        f"({unit}, 1, 1, 1, uuid_send(:id), :id, true), ({unit}, 1, 3, 1, '\\x0140', :id, false), "
        f"({unit}, 1, 3, 1, '\\x0280', :id, false);",
        "insert into public.bench_audit values (nextval('public.bench_index'), " + blob.format(250) + ", sha256(" +
        blob.format(250) + "));",
    ]
    number = "('00000000-0000-4000-a000-' || lpad(to_hex(:n::bigint), 12, '0'))::uuid"
    steps = ["begin;", *(line.replace(":id", number) for line in inserts), "commit;"]
    head = "\\set n random(1, 9000000000000000) % 281474976710656\n"
    return {"plain": sql_file(stack, "write.sql", head + "\n".join(steps)),
            "pipelined": sql_file(stack, "write_pipelined.sql",
                                  head + "\\startpipeline\n" + "\n".join(steps) + "\n\\endpipeline\n")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--judges", type=int, default=2_000)
    parser.add_argument("--seconds", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    stack = BenchStack.up(args.build, args.judges)
    try:
        table, run, scripts = Table(), 0, alternative(stack)
        for _ in range(args.rounds):
            for connections in CONNECTIONS:
                run += 1
                table.add(f"Sanjeh, {connections} TLS connections",
                          stack.wrk(connections, args.seconds, wrk_script(stack, run)))
            for name, script in scripts.items():
                for clients in CLIENTS:
                    table.add(f"pgbench {name}, {clients} clients",
                              stack.pgbench(clients, args.seconds, script, "admin"))
        ours = table.best([f"Sanjeh, {connections} TLS connections" for connections in CONNECTIONS])
        print("# Single-object writes\n")
        print(conditions(stack, args.seconds, args.rounds) + ". pgbench runs as superuser without row security.\n")
        print("\n".join(table.lines()))
        print("\n| ratio | of | value | aim |\n|---|---|---|---|")
        for name in scripts:
            print(ratio_line(table, f"beside {name} pgbench", "-", ours,
                             table.best([f"pgbench {name}, {clients} clients" for clients in CLIENTS])))
    finally:
        stack.destroy()


if __name__ == "__main__":
    main()
