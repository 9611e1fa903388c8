#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Workload rows through a bulk import (upload in parts, work behind the request) over TLS, beside COPY of the same rows into
a bare table of the same cluster; every round sends rows that are not there yet."""

import argparse
import statistics
import time

from bench_stack import BenchStack, conditions

PART = 1_500_000  # bytes
CASES = ("CIVIL", "FAMILY", "CRIM1", "CRIM2", "LAND")
HEAD = "judge,court,period,pending_start,filed,returned,transferred_in,transferred_out,resolved,pending_end,case_type\n"
BARE = ("judge text, court text, period text, pending_start int8, filed int8, returned int8, transferred_in int8, "
        "transferred_out int8, resolved int8, pending_end int8, case_type text")


def rows(turn, count, judges, share, scattered):
    """Judge, case type and month by number: no two rows of a turn are alike; one in `share` breaks the identity. As units
    export them, judge by judge and month by month; scattered: each row of another judge than the one before."""
    each = -(-count // judges)
    for number in range(count):
        judge, rest = (number % judges + 1, number // judges) if scattered else (number // each + 1, number % each)
        case, month, year = CASES[rest % 5], rest // 5 % 12 + 1, 1300 + rest // 60 % 290
        start, filed = number % 300 + 60, number % 70
        end = start + filed - number % 60 + (1 if number % share == share - 1 else 0)
        yield f"B-{judge:07d},IMP-{turn},{year}-{month:02d},{start},{filed},0,0,0,{number % 60},{end},{case}\n"


def checked(answer, status):
    if answer.status != status:
        raise RuntimeError(f"import: {answer!r}")
    return answer.json()


def ours(stack, data, count, wrong):
    """Seconds of upload, seconds of work, CPU seconds of server and of PostgreSQL, highest resident KiB of the front."""
    client = stack.client("sit.manager")
    before, begin = stack.cpu(), time.monotonic()
    path = "/api/v1/imports"
    job = checked(client.post(path, {"kind": "workload", "format": "csv", "accept": "valid_rows"}), 201)
    path += f"/{job['id']}"
    for at in range(0, len(data), PART):
        checked(client.request("POST", f"{path}/parts?offset={at}", body=data[at:at + PART],
                               headers={"Content-Type": "text/csv"}), 200)
    sent, memory = time.monotonic(), 0
    checked(client.request("POST", f"{path}/start"), 200)
    while job["state"] not in ("done", "failed", "cancelled"):
        time.sleep(0.1)
        job, memory = checked(client.get(path), 200), max(memory, stack.rss()[0])
    end, after = time.monotonic(), stack.cpu()
    if (job["state"], job["rows_ok"], job["rows_rejected"]) != ("done", count - wrong, wrong):
        raise RuntimeError(f"not what was sent: {job}")
    return sent - begin, end - sent, after[0] - before[0], after[1] - before[1], memory


def bare(stack, data):
    """Seconds and CPU seconds of PostgreSQL for COPY of the file."""
    path = (stack.folder / "rows.csv").resolve()
    path.write_bytes(data)
    path.chmod(0o644)
    stack.sql(f"drop table if exists public.bench_rows; create table public.bench_rows ({BARE})")
    before, begin = stack.cpu(), time.monotonic()
    stack.sql(f"copy public.bench_rows from '{path}' with (format csv, header)")
    return time.monotonic() - begin, stack.cpu()[1] - before[1]


def roomy(stack):
    """Room as for a server of 24 GiB, for both sides alike: else checkpoints are what is measured."""
    for setting in ("max_wal_size = '4GB'", "shared_buffers = '1GB'", "wal_compression = 'lz4'"):
        stack.sql(f"alter system set {setting}")
    stack.stop()
    stack.cluster("stop")
    stack.cluster("start")
    stack.start()


def bare_facts(stack):
    """Seconds of COPY of the fact rows themselves, as they stand in force, into a bare table of the same columns."""
    path = (stack.folder / "pg/data/bench_facts.csv").resolve()  # where the server may write
    stack.sql(f"copy sanjeh.workload_fact to '{path}' with (format csv)")
    count = int(stack.sql("select count(*) from sanjeh.workload_fact"))
    stack.sql("drop table if exists public.bench_facts; create table public.bench_facts (like sanjeh.workload_fact including defaults)")
    begin = time.monotonic()
    stack.sql(f"copy public.bench_facts from '{path}' with (format csv)")
    return count / (time.monotonic() - begin)


def spread(values, form="{:,.0f}"):
    return f"{form.format(statistics.median(values))} ({form.format(min(values))}-{form.format(max(values))})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", required=True)
    parser.add_argument("--judges", type=int, default=2_000)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scattered", action="store_true", help="each row of another judge than the one before")
    args = parser.parse_args()
    stack = BenchStack.up(args.build, args.judges)
    try:
        roomy(stack)
        runs, copies = [], []
        for turn in range(args.rounds):
            data = (HEAD + "".join(rows(turn, args.rows, args.judges, 100, args.scattered))).encode()
            runs.append(ours(stack, data, args.rows, args.rows // 100))
            copies.append(bare(stack, data))
        facts = bare_facts(stack)
        rate = [args.rows / (run[0] + run[1]) for run in runs]
        work = [args.rows / run[1] for run in runs]
        copied = [args.rows / copy[0] for copy in copies]
        micro = 1e6 / args.rows
        print(f"# Bulk import\n\n{conditions(stack, 0, args.rounds).replace(' of 0 s', '')}; {args.rows:,} rows a round, 1 % faulty, "
              f"{'each of another judge than the one before' if args.scattered else 'judge by judge'}; shared_buffers 1 GB, max_wal_size 4 GB.\n")
        print("| what | rows/s | CPU us a row: server | CPU us a row: PostgreSQL |\n|---|---|---|---|")
        server, database = [run[2] * micro for run in runs], [run[3] * micro for run in runs]
        print(f"| Sanjeh, upload and work | {spread(rate)} | {spread(server, '{:.1f}')} | {spread(database, '{:.1f}')} |")
        print(f"| Sanjeh, work alone | {spread(work)} | | |")
        print(f"| COPY into a bare table | {spread(copied)} | | {spread([copy[1] * micro for copy in copies], '{:.1f}')} |")
        print(f"| COPY of the fact rows as they are stored into a bare table | {facts:,.0f} | | |")
        print(f"\nRatio {statistics.median(rate) / statistics.median(copied):.3f} (aim 0.3); to the stored rows "
              f"{statistics.median(rate) / facts:.3f}. "
              f"Highest resident memory of the front {max(run[4] for run in runs) / 1024:,.0f} MiB.")
    finally:
        stack.destroy()


if __name__ == "__main__":
    main()
