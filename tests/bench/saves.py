#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Everybody saves the draft of his self-assessment at the same moment: real accounts, sessions and TLS connections, about 2 kB of
Persian text each, If-Match; several rounds, no failure allowed, every text read back at the end and compared."""

import argparse
import json
import statistics
import sys
import time

from bench_stack import BenchStack, conditions
import crowd

WORDS = ("پرونده", "دادرسی", "رسیدگی", "شعبه", "رأی", "آموزش", "مهلت", "اتقان", "ارجاع", "تجدیدنظر", "کاهش", "موجودی", "مستند", "سامانه")
BYTES = 2_000


class CrowdStack(BenchStack):
    def populate(self, judges):
        self.roster(judges)
        self.sql("vacuum analyze")


def text_of(person, round_no):
    """About 2 kB, another one for each person and round."""
    words, size, at = [f"نفر {person} دور {round_no}"], 0, person * 7 + round_no
    while size < BYTES - 40:
        at = (at * 1103515245 + 12345) & 0x7FFFFFFF
        words.append(WORDS[(at >> 8) % len(WORDS)])
        size = len(" ".join(words).encode()) if len(words) % 20 == 0 else size + 11
    return " ".join(words)


def evaluations(stack, count):
    """One evaluation that collects for each judge B-0000001…, put there by the database's owner; ids in that order."""
    client = stack.client("hrd.manager")
    judges = {row["personnel_number"]: row["id"] for row in client.items("/api/v1/judges")}
    ids = [judges[f"B-{number:07d}"] for number in range(1, count + 1)]
    rows = ", ".join(f"({number}, '{judge}'::uuid)" for number, judge in enumerate(ids))
    made = stack.sql(f"""
begin; set local session_replication_role = replica;
create temporary table crowd (n, judge) as values {rows};
create temporary table made as select n, judge, gen_random_uuid() as id from crowd;
insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
    select id, '00000000-0000-4000-b000-000000000001', 'CROWD', 1, 'الگو', 'Template', 'judges', 'published', id, now()
    from sanjeh.unit where code = 'HRD';
insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id, issuer_scope_id,
    state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at, criteria_sha256, created_by)
    select h.id, '00000000-0000-4000-b000-000000000002', 'CROWD', 'ارزیابی', 'Evaluation', 'annual', '2025-03-21', '2026-03-20',
        '00000000-0000-4000-b000-000000000001', j.id, e.id, 'collecting', h.id, now(), j.id, now(), now(), sha256('criteria'), h.id
    from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id, state, notified_at)
    select h.id, m.id, '00000000-0000-4000-b000-000000000002', h.id, m.judge, j.id, e.id, 'collecting', now()
    from made m, sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
select id from made order by n;
commit;
vacuum analyze;
""")
    return made.split()


def check(people, statuses):
    bad = [person.answer for person in people if person.answer[0] not in statuses]
    if bad:
        raise RuntimeError(f"{len(bad)} of {len(people)} failed, so the figures would lie; the first: {bad[0]!r}")


def measure(stack, people, statuses):
    before, client, began = stack.cpu(), time.process_time(), time.monotonic()
    times = crowd.at_once(people)
    wall, client, after = time.monotonic() - began, time.process_time() - client, stack.cpu()
    check(people, statuses)
    count = len(people)
    return {"p50": times[count // 2], "p99": times[min(count - 1, count * 99 // 100)], "max": times[-1], "wall": wall,
            "server": (after[0] - before[0]) / count, "database": (after[1] - before[1]) / count, "client": client / count}


def line(name, runs):
    def middle(key):
        return statistics.median(run[key] for run in runs)
    spread = f" ({min(run['p99'] for run in runs):.2f}-{max(run['p99'] for run in runs):.2f})" if len(runs) > 1 else ""
    return (f"| {name} | {middle('p50'):.2f} | {middle('p99'):.2f}{spread} | {max(run['max'] for run in runs):.2f} | "
            f"{middle('server') * 1e6:.0f} + {middle('database') * 1e6:.0f} = {(middle('server') + middle('database')) * 1e6:.0f} | "
            f"{middle('client') * 1e6:.0f} |")


def rounds(stack, people, ids, count):
    """(the row of the first saves, rows of the changes)"""
    for number, (person, evaluation) in enumerate(zip(people, ids)):
        person.ask("POST", "/api/v1/self-assessments", {"evaluation_id": evaluation, "achievements": text_of(number, 0)})
    first = measure(stack, people, (201,))
    paths = [person.answer[1]["location"] for person in people]
    changes = []
    for round_no in range(1, count + 1):
        for number, person in enumerate(people):
            person.ask("PATCH", paths[number], {"achievements": text_of(number, round_no)}, person.answer[1]["etag"])
        changes.append(measure(stack, people, (200,)))
        print(f"   round {round_no}: p99 {changes[-1]['p99']:.2f} s, "
              f"{(changes[-1]['server'] + changes[-1]['database']) * 1e6:.0f} us", file=sys.stderr, flush=True)
        time.sleep(1)
    return first, changes, paths


def read_back(stack, people, paths, round_no):
    for person, path in zip(people, paths):
        person.ask("GET", path)
    result = measure(stack, people, (200,))
    for number, person in enumerate(people):
        found = json.loads(person.answer[2])
        if found["achievements"] != text_of(number, round_no) or found["version"] != round_no + 1:
            raise RuntimeError(f"person {number} reads what he did not save: {found}")
    return result


def peak(stack, tokens, people, paths, connections):
    """More connections than people, all asking at once; a refusal must be an answer that says so. (row, answers by status)"""
    more = crowd.connect(stack, [tokens[number % len(tokens)] for number in range(connections - len(people))])
    everybody = people + more
    for number, person in enumerate(everybody):
        person.ask("GET", paths[number % len(paths)])
    result = measure(stack, everybody, (200, 429, 503))
    statuses = {}
    for person in everybody:
        status, headers, _ = person.answer
        statuses[status] = statuses.get(status, 0) + 1
        if status != 200 and "retry-after" not in headers:
            raise RuntimeError(f"refused without saying when to come again: {person.answer!r}")
    return result, statuses


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--people", type=int, default=2_000)
    parser.add_argument("--rounds", type=int, default=5)
    args = parser.parse_args()
    crowd.allow_descriptors()
    stack = CrowdStack.up(args.build, args.people)
    try:
        ids = evaluations(stack, args.people)
        tokens, for_accounts, for_sign_in = crowd.sessions(stack, args.people)
        people = crowd.connect(stack, tokens)
        first, changes, paths = rounds(stack, people, ids, args.rounds)
        back = read_back(stack, people, paths, args.rounds)
        memory = stack.rss()
        connections = args.people * 3 // 2
        crowded, statuses = peak(stack, tokens, people, paths, connections)
        at_peak = stack.rss()
        print("# Everybody saves at once\n")
        print(conditions(stack, 0, args.rounds).replace("alternating rounds of 0 s", "rounds") + ".\n")
        print(f"{args.people:,} people, each with a session and a TLS connection of his own, save {len(text_of(1, 1).encode()):,} bytes of Persian "
              f"text at the same moment; then they change it in {args.rounds} rounds. Failures: 0. Texts and versions read back and compared: "
              f"{args.people:,}, all as saved. Set-up: accounts {for_accounts:.0f} s, sign-ins with both factors {for_sign_in:.0f} s.\n")
        print("| what | p50 s | p99 s | slowest s | CPU us per request: server + PostgreSQL | load generator |\n|---|---|---|---|---|---|")
        print(line("first save (POST)", [first]))
        print(line("change (PATCH, If-Match)", changes))
        print(line("read back (GET)", [back]))
        print(line(f"{connections:,} connections read at once", [crowded]))
        print(f"\nAnswers at {connections:,} connections: " + ", ".join(f"{count:,} x {status}" for status, count in statuses.items()) + ".")
        print(f"Resident with {args.people:,} connections: front {memory[0]:,} KiB, keeper {memory[1]:,} KiB; with {connections:,}: front "
              f"{at_peak[0]:,} KiB.")
    finally:
        stack.destroy()


if __name__ == "__main__":
    main()
