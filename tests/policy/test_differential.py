# SPDX-License-Identifier: Apache-2.0
"""Does the engine decide as a naive evaluator that was written from POLICY 5 alone? Random policies and random requests, decision by
decision: code, rules, reach, fields for each use, masks, obligations. usage: test_differential.py <policy_ask> [seed [requests]]"""

import collections
import concurrent.futures
import json
import pathlib
import random
import subprocess
import sys

from generate import UNITS, Generator, lines_of, seed_of
from naive import Point

PER_POLICY = 500
KEPT = pathlib.Path(__file__).parent / "differential"  # cases that differed once


def answers(program, lines):
    run = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    if run.returncode != 0:
        raise SystemExit(f"{program}: {run.stdout[-400:]} {run.stderr[-2000:]}")
    return run.stdout.splitlines()


def same(engine, naive):
    """Obligations of masks come in no order."""
    if engine == naive:
        return True
    a, b = engine.split("|"), naive.split("|")
    a[-3] = ",".join(sorted(a[-3].split(",")))
    b[-3] = ",".join(sorted(b[-3].split(",")))
    return a == b


def one_policy(program, seed, count):
    """Differences, and how often each code came out."""
    generator = Generator(random.Random(seed))
    files = generator.files(seed % 1000)
    requests = [generator.request() for _ in range(count)]
    got = answers(program, lines_of(files) + ["R " + json.dumps(r) for r in requests])
    if len(got) != count:
        raise SystemExit(f"{len(got)} answers to {count} requests")
    point = Point(files, UNITS)
    codes = collections.Counter()
    different = []
    for request, line in zip(requests, got):
        wanted = point.decide(request)
        codes[wanted.split("|")[1] or "permit"] += 1
        if not same(line, wanted):
            different.append({"seed": seed, "files": files, "request": request, "engine": line, "naive": wanted})
    return different, codes


def kept_cases(program):
    count = 0
    for path in sorted(KEPT.glob("*.json")):
        case = json.loads(path.read_text())
        got = answers(program, lines_of(case["files"]) + ["R " + json.dumps(case["request"])])[0]
        wanted = Point(case["files"], UNITS).decide(case["request"])
        if not same(got, wanted) or not same(got, case["expect"]):
            raise SystemExit(f"{path.name}: engine {got}\nnaive {wanted}\nexpected {case['expect']}")
        count += 1
    return count


def main():
    program = sys.argv[1]
    seed = seed_of(sys.argv[2:], 1)
    total = int(sys.argv[3]) if len(sys.argv) > 3 else 100_000
    print(f"seed {seed}: {total} requests, {kept_cases(program)} kept cases", flush=True)
    seeds = [seed * 1000 + i for i in range(total // PER_POLICY)]
    different = []
    codes = collections.Counter()
    with concurrent.futures.ProcessPoolExecutor(2) as pool:
        for found, counted in pool.map(one_policy, [program] * len(seeds), seeds, [PER_POLICY] * len(seeds), chunksize=4):
            different += found
            codes += counted
    print(dict(codes.most_common()))
    for case in different[:3]:
        print(json.dumps(case["files"]), json.dumps(case["request"]), f"engine {case['engine']}", f"naive  {case['naive']}", sep="\n")
    if different:
        raise SystemExit(f"{len(different)} differences of {total}")
    for code in ("permit", "E_NO_PERMIT", "E_FORBIDDEN", "E_REQUIRE", "E_SOD", "E_CEILING", "E_BAD_REQUEST", "E_INACTIVE", "E_SESSION"):
        if codes[code] < total // 2000:
            raise SystemExit(f"{code} came out {codes[code]} times only: the requests do not try it")
    print("no difference")


if __name__ == "__main__":
    main()
