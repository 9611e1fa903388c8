#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""All figures and scores of one cycle computed over the API, beside one SQL statement that aggregates the same workload rows to the
same figures without sheets, keys or row security; alternating rounds on the same cluster."""

import argparse
import pathlib
import re
import statistics
import subprocess
import sys
import threading
import time

from bench_stack import ACCOUNTS, BenchStack, conditions

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts"))

from population import ALL_TYPES  # noqa: E402

ITEMS = [("timeliness", "T01", "15"), ("timeliness", "T03", "15"), ("quality", None, "30"), ("conduct", None, "25"),
         ("development", None, "15")]
# Twelve Jalali months of 1404; stocks chain from month to month, so that the identity holds in each row.
ROWS = """
set session_replication_role = replica;
create function pg_temp.draw(key text, below int) returns int language sql immutable as
    $$ select ((hashtextextended(key, 1405) % below) + below)::int % below $$;
create temp table court_of as
    select j.id as judge_id, j.unit_id, c.id as court_id from (select id, unit_id, row_number() over (order by id) as n from sanjeh.judge) j
    join (select id, row_number() over (order by id) as n from sanjeh.court) c on c.n = (j.n - 1) / 5 % {courts} + 1;
insert into sanjeh.workload_fact (unit_id, id, contribution_id, judge_unit_id, judge_id, court_id, case_type, period_from, period_to,
    pending_start, filed, returned, transferred_in, transferred_out, resolved, pending_end)
select (select id from sanjeh.unit where code = 'SIT'), gen_random_uuid(), gen_random_uuid(), x.unit_id, x.judge_id, x.court_id, x.case_type,
    x.first_day, x.first_day + x.days - 1, x.stock_before, x.filed, 1, 0, 0, x.stock_before + x.filed + 1 - x.stock_after, x.stock_after
from (select c.*, t.case_type, date '2025-03-21' + case when m.no <= 7 then 31 * (m.no - 1) else 186 + 30 * (m.no - 7) end as first_day,
        case when m.no <= 6 then 31 when m.no = 12 then 29 else 30 end as days,
        30 + pg_temp.draw(c.judge_id || t.case_type || (m.no - 1), 15) as stock_before,
        30 + pg_temp.draw(c.judge_id || t.case_type || m.no, 15) as stock_after,
        20 + pg_temp.draw(t.case_type || c.judge_id || m.no, 20) as filed
    from generate_series(1, {months}) as m (no), court_of c, unnest(array[{types}]) as t (case_type)) x;
"""
# Written as one would without the product: first and last stock of each chain, flows, the four figures, who overlaps.
SINGLE = """
\\timing on
create temp table single as
with chain as (
    select f.judge_id, f.unit_id, min(f.period_from) as first_day, max(f.period_to) as last_day, sum(f.period_to - f.period_from + 1) as covered,
        (array_agg(f.pending_start order by f.period_from))[1] as stock_before,
        (array_agg(f.pending_end order by f.period_to desc))[1] as stock_after,
        sum(f.filed + f.returned + f.transferred_in - f.transferred_out)::int8 as incoming, sum(f.resolved)::int8 as resolved
    from sanjeh.workload_fact f
    where f.in_force and f.period_from >= date '2025-03-21' and f.period_to <= date '2026-03-20'
        and f.judge_id in (select e.judge_id from sanjeh.evaluation e)
    group by f.judge_id, f.unit_id, f.court_id, f.case_type),
figures as (
    select c.judge_id, max(c.last_day) - min(c.first_day) + 1 as days, sum(c.stock_before)::int8 as p0, sum(c.stock_after)::int8 as p1,
        sum(c.incoming)::int8 as i, sum(c.resolved)::int8 as r, bool_or(c.covered > c.last_day - c.first_day + 1) as overlaps
    from chain c group by c.judge_id)
select f.judge_id, round(100.0 * f.r / nullif(f.i, 0), 6) as t01, round(f.r::numeric / nullif(f.p1, 0), 6) as t02,
    round(f.days::numeric * f.p1 / nullif(f.r, 0), 6) as t03, round(100.0 * (f.p1 - f.p0) / nullif(f.p0, 0), 6) as t09, f.overlaps
from figures f;
\\timing off
select count(*) from single;
"""


class CycleStack(BenchStack):
    def populate(self, judges):
        """The register over the API; workload, courts and the states of evaluations by the database's owner."""
        self.add_accounts({"jdpe.manager": ACCOUNTS["jdpe.manager"]})
        self.count = judges
        client = self.client("hrd.manager")
        for start in range(1, judges + 1, 20_000):
            rows = "".join(f"B-{n:07d},قاضی شماره {n}\n" for n in range(start, min(start + 20_000, judges + 1)))
            checked(client.post("/api/v1/contributions", {"kind": "roster", "period": "1404", "format": "csv",
                                                          "data": "personnel_number,name\n" + rows}), 201)
        self.sql("insert into sanjeh.court (id, code, code_norm, name_fa, name_en, status) select gen_random_uuid(), 'C' || n, 'c' || n, "
                 f"'شعبه ' || n, 'Branch ' || n, 'active' from generate_series(1, {judges // 5 + 1}) n")

    def workload(self, months, types):
        self.sql(ROWS.format(months=months, types=", ".join(f"'{name}'" for name in ALL_TYPES[:types]), courts=self.count // 5 + 1))
        self.sql("vacuum analyze")
        return int(self.sql("select count(*) from sanjeh.workload_fact"))

    def plan(self):
        owner, issuer = self.client("hrd.manager"), self.client("jdpe.manager")
        owner.close()  # idle for longer than the server keeps a connection

        def tagged(client, path, suffix, body):
            tag = checked(client.get(path), 200) and client.get(path).header("ETag")
            return checked(client.post(path + suffix, body, headers={"If-Match": tag}), 200)
        items = [{"no": no, "family": family, "source": "indicator" if code else "mark", "name_fa": "معیار", "name_en": "Item",
                  "weight": weight, **({"indicator_code": code} if code else {})} for no, (family, code, weight) in enumerate(ITEMS, 1)]
        template = checked(owner.post("/api/v1/templates", {"code": "BENCH", "name_fa": "الگو", "name_en": "Template",
                                                            "population": "judges", "items": items}), 201)["id"]
        self.publish(template)
        cycle = checked(owner.post("/api/v1/cycles", {"code": "BENCH", "name_fa": "دوره", "name_en": "Cycle", "kind": "annual",
                                                      "period": "1404", "issuer": "JDP-E", "template_id": template}), 201)["id"]
        path = f"/api/v1/cycles/{cycle}"
        tagged(owner, path, "/signatures", {})
        tagged(issuer, path, "/signatures", {})
        tagged(owner, path, "/moves", {"to": "announced"})
        checked(owner.post(path + "/evaluations", {}), 200)
        self.sql("set session_replication_role = replica; update sanjeh.evaluation set state = 'collecting'; analyze sanjeh.evaluation")
        return path

    def memory(self):
        """Resident KiB (front, keeper, the heaviest backend of the server with its helpers; of these the shared buffers once)."""
        front, keeper, _ = self.rss()
        backends = {}
        for line in self.sql("select pid, coalesce(leader_pid, pid) from pg_stat_activity where usename = 'sanjeh_app'").split():
            pid, leader = map(int, line.split("|"))
            try:
                status = pathlib.Path(f"/proc/{pid}/status").read_text()
            except (FileNotFoundError, ProcessLookupError):
                continue
            sizes = dict(re.findall(r"^(RssAnon|RssFile|RssShmem):\s+(\d+)", status, re.M))
            if len(sizes) != 3:  # it has ended and nobody has asked for it yet
                continue
            own, file, shared = (int(sizes[name]) for name in ("RssAnon", "RssFile", "RssShmem"))
            sums = backends.setdefault(leader, [0, 0])
            backends[leader] = [sums[0] + own + (file if pid == leader else 0), max(sums[1], shared)]
        return front, keeper, max((own + shared for own, shared in backends.values()), default=0)


def checked(answer, status):
    if answer.status != status:
        raise RuntimeError(f"cycle: {answer!r}")
    return answer.json()


class Watch(threading.Thread):
    """The highest memory until stopped."""

    def __init__(self, stack):
        super().__init__(daemon=True)
        self.stack, self.highest, self.ended = stack, (0, 0, 0), threading.Event()

    def run(self):
        while not self.ended.wait(0.15):
            now = self.stack.memory()
            self.highest = tuple(map(max, self.highest, now))

    def stop(self):
        self.ended.set()
        self.join()
        return self.highest


def ours(stack, path, count):
    """Seconds, as the caller waits for the answer."""
    client = stack.client("hrd.manager").with_token(stack.client("hrd.manager").token)
    client.timeout = 900
    begin = time.monotonic()
    done = checked(client.post(path + "/computations"), 201)
    seconds = time.monotonic() - begin
    client.close()
    if done["evaluations"] != count:
        raise RuntimeError(f"not all were computed: {done}")
    return seconds


def single(stack, count):
    """Seconds of the statement alone, as psql tells them: its start and sign-in do not count."""
    done = subprocess.run(["psql", "-X", "-A", "-t", "-q", "-v", "ON_ERROR_STOP=1", "-d", stack.dsn("admin"), "-f", "-"], input=SINGLE,
                          capture_output=True, text=True, check=True).stdout
    if int(done.split()[-1]) != count:
        raise RuntimeError(f"the statement is about others: {done}")
    return float(re.search(r"Time: ([\d.]+) ms", done).group(1)) / 1000


def spread(values):
    return f"{statistics.median(values):.2f} ({min(values):.2f}-{max(values):.2f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--judges", type=int, default=15_000)
    parser.add_argument("--months", type=int, default=12, choices=range(1, 13))
    parser.add_argument("--types", type=int, default=20, choices=range(1, 21))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", action="store_true", help="leave the stack and say where it is")
    args = parser.parse_args()
    stack = CycleStack.up(args.build, args.judges)
    try:
        rows = stack.workload(args.months, args.types)
        path = stack.plan()
        if args.keep:
            print(stack.folder, path, file=sys.stderr, flush=True)
        ours(stack, path, args.judges), single(stack, args.judges)  # sheets exist, caches are warm: the same for both
        runs, others, memory = [], [], (0, 0, 0)
        for _ in range(args.rounds):
            watch = Watch(stack)
            others.append(single(stack, args.judges))
            watch.start()
            runs.append(ours(stack, path, args.judges))
            memory = tuple(map(max, memory, watch.stop()))
            print(f"   ours {runs[-1]:.2f} s, statement {others[-1]:.2f} s", file=sys.stderr, flush=True)
        print(f"# A whole cycle computed\n\n{conditions(stack, 0, args.rounds).replace(' of 0 s', '')}; {rows:,} workload rows "
              f"({args.months} months, {args.types} case types).\n")
        print("| what | seconds | rows/s |\n|---|---|---|")
        print(f"| Sanjeh: figures, peers, scores, sealed sheets | {spread(runs)} | {rows / statistics.median(runs):,.0f} |")
        print(f"| one SQL statement: figures | {spread(others)} | {rows / statistics.median(others):,.0f} |")
        print(f"\nRatio {statistics.median(runs) / statistics.median(others):.2f} (aim at most 1.5). Highest resident memory: front "
              f"{memory[0] / 1024:,.0f} MiB, keeper {memory[1] / 1024:,.0f} MiB, the working backend with shared buffers "
              f"{memory[2] / 1024:,.0f} MiB; together {sum(memory) / 1024:,.0f} MiB (aim at most 512).")
    finally:
        if not args.keep:
            stack.destroy()


if __name__ == "__main__":
    main()
