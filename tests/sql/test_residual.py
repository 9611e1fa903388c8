# SPDX-License-Identifier: Apache-2.0
"""Filter and decision: does the SQL condition of a list select exactly the rows that the engine permits, over random policies, subjects and
rows, in typed columns and in jsonb? usage: test_residual.py <policy_rows> [seed]"""

import collections
import json
import pathlib
import random
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "policy"))
from generate import TYPES, Generator, lines_of  # noqa: E402

POLICIES = 60
LISTS = 30  # questions to each table
ROWS = 40


def main():
    program = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    generator = Generator(random.Random(seed))
    rng = generator.rng
    lines = []
    for number in range(POLICIES):
        lines += lines_of(generator.files(number))
        for kind in ("case", "doc"):
            rows = [generator.values(TYPES[kind]["attrs"], rng.choice([0, 0.1, 0.4])) for _ in range(ROWS)]
            lines.append("T " + json.dumps({"type": kind, "rows": rows}))
            count = LISTS if kind == "case" else LISTS // 3
            while count > 0:
                request = generator.request()
                if request["do"].split(":")[0] != kind or request["do"] == "case:fly" or "reach_only" in request:
                    continue
                request.pop("resource", None)
                if rng.random() < 0.7:
                    request["grants"] += [generator.grant() for _ in range(2)]
                if rng.random() < 0.8:
                    request.pop("inactive", None), request.pop("ended", None)
                count -= 1
                lines.append("L " + json.dumps(request))
    done = subprocess.run([program], input="\n".join(lines) + "\n", capture_output=True, text=True, check=False)
    answers = [line.split() for line in done.stdout.splitlines()]
    if done.returncode != 0:
        raise SystemExit(f"seed {seed}: {done.stdout[-6000:]} {done.stderr[-6000:]}")
    counted = collections.Counter((table, word) for a in answers for table, word in zip(("typed", "loose"), a))
    pairs = sum(2 * int(a[2]) for a in answers if "rows" not in a[:2])
    print(f"seed {seed}: {pairs} decisions beside a condition, no difference; {dict(counted)}")
    if pairs < 50_000 or counted["typed", "some"] < 200 or counted["loose", "some"] < 200 or not counted["typed", "always"]:
        raise SystemExit("the questions do not try it")


if __name__ == "__main__":
    main()
