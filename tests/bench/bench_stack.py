# SPDX-License-Identifier: Apache-2.0
"""What the HTTP benchmarks share: a release server on a private cluster with a population, load from wrk, the best SQL
alternative from pgbench on the same cluster, CPU time from /proc, tables with medians and spread."""

import hashlib
import json
import os
import pathlib
import platform
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "tests/api")]

from stack import ACCOUNTS, Stack, free_port  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")
PGBENCH = "/usr/lib/postgresql/15/bin/pgbench"
# The bench rows of pgbench: the same judges under ids that a script can count through.
BENCH_ID = "('00000000-0000-4000-9000-' || lpad({n}::text, 12, '0'))::uuid"


def quote(text):
    return "'" + text.replace("'", "''") + "'"


class BenchStack(Stack):
    @classmethod
    def up(cls, build, judges):
        folder = tempfile.mkdtemp(prefix="sanjeh-bench-", dir=build)
        os.chmod(folder, 0o755)
        stack = cls(folder, build, {"SANJEH_AUTHN_IDLE_S": "3600", "SANJEH_LOG_LEVEL": "warn"})
        try:
            stack.instance("create", "--build", stack.build, "--port", str(free_port()))
            # pgbench with 64 clients beside the server; everything else is the cluster that the demo has
            stack.sql("alter system set max_connections = 120")
            stack.cluster("stop")
            stack.cluster("start")
            stack.add_accounts({name: ACCOUNTS[name] for name in ("hrd.manager", "sit.manager")})
            stack.start()
            stack.populate(judges)
        except BaseException:
            stack.keep_log()
            stack.destroy()
            raise
        return stack

    def populate(self, judges):
        self.roster(judges)
        self.copy_for_pgbench()

    def roster(self, judges):
        client = self.client("hrd.manager")
        self.count = judges
        for start in range(1, judges + 1, 20_000):
            end = min(start + 20_000, judges + 1)
            rows = "".join(f"B-{number:07d},قاضی شماره {number}\n" for number in range(start, end))
            answer = client.post("/api/v1/contributions", {"kind": "roster", "period": "1404", "format": "csv",
                                                           "data": "personnel_number,name\n" + rows})
            if answer.status != 201:
                raise RuntimeError(f"population: {answer!r}")

    def copy_for_pgbench(self):
        """The judges once more under ids that a script can count through: they cannot be opened, only read."""
        self.unit = self.sql("select id from sanjeh.unit where code = 'HRD'")
        self.ids = self.sql("select id from sanjeh.judge").split()
        self.sql(f"""
set session_replication_role = replica;
create table public.bench_number as select id, row_number() over () as n from sanjeh.judge;
insert into sanjeh.subject_key (unit_id, subject_id, version, wrapped)
  select k.unit_id, {BENCH_ID.format(n='b.n')}, k.version, k.wrapped
  from sanjeh.subject_key k join public.bench_number b on b.id = k.subject_id;
insert into sanjeh.judge (unit_id, id, personnel_number, national_number, name, key_version, status, created_by)
  select j.unit_id, {BENCH_ID.format(n='b.n')}, j.personnel_number, j.national_number, j.name, j.key_version, j.status,
    j.created_by from sanjeh.judge j join public.bench_number b on b.id = j.id;
create sequence public.bench_index;
create table public.bench_audit (idx bigint primary key, entry bytea not null, leaf_hash bytea not null);
create table public.bench_audit_chain (idx bigint primary key, entry bytea not null, leaf_hash bytea not null);
grant usage on schema public to sanjeh_app;
grant insert on public.bench_audit to sanjeh_app;
grant usage on sequence public.bench_index to sanjeh_app;
vacuum analyze;
""")

    def context(self):
        """A context that the database accepts, signed here with the pads that only a superuser reads."""
        inner, outer = (bytes.fromhex(pad) for pad in self.sql(
            "select encode(inner_pad, 'hex'), encode(outer_pad, 'hex') from sanjeh.context_key").split("|"))
        text = f"v1.{int(time.time()) + 3000}.{self.unit}"
        mac = hashlib.sha256(outer + hashlib.sha256(inner + text.encode()).digest()).hexdigest()
        return f"{text}.{mac}"

    # ---- CPU and memory --------------------------------------------------------------------------------------

    def postmaster(self):
        return int((self.folder / "pg/data/postmaster.pid").read_text().split()[0])

    @staticmethod
    def stat(pid):
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return int(fields[1]), [int(value) for value in fields[11:15]]

    def cpu(self):
        """CPU seconds so far: (front and keeper, PostgreSQL with all its children, dead ones too)."""
        server = sum(sum(self.stat(pid)[1][:2]) for pid in (self.pid, self.keeper_pid()))
        master = self.postmaster()
        database = sum(self.stat(master)[1])
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                try:
                    parent, times = self.stat(entry)
                except (FileNotFoundError, ProcessLookupError):
                    continue
                if parent == master:
                    database += sum(times[:2])
        return server / TICKS, database / TICKS

    def rss(self):
        """(resident KiB of front, of keeper, proportional KiB of both)"""
        def value(pid, name):
            return int(re.search(rf"^{name}:\s+(\d+)", pathlib.Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M).group(1))
        pids = (self.pid, self.keeper_pid())
        return value(pids[0], "Rss"), value(pids[1], "Rss"), sum(value(pid, "Pss") for pid in pids)

    # ---- load ------------------------------------------------------------------------------------------------

    def wrk(self, connections, seconds, script):
        before, client = self.cpu(), client_cpu()
        done = subprocess.run(["wrk", "-t", "1", "-c", str(connections), "-d", f"{seconds}s", "--latency", "--timeout", "10s",
                               "-s", str(script), f"https://localhost:{self.port}"], capture_output=True, text=True, check=True)
        after, client = self.cpu(), client_cpu() - client
        out = done.stdout
        requests = int(re.search(r"(\d+) requests in", out).group(1))
        bad = re.search(r"Non-2xx or 3xx responses: (\d+)", out)
        errors = re.search(r"Socket errors: (.*)", out)
        if bad or errors:
            raise RuntimeError(f"wrk saw failures, so the figures would lie:\n{out}\n{self.log()[-2000:]}")
        latency = dict(re.findall(r"^\s+(50|99)%\s+(\S+)$", out, re.M))
        return {"rate": float(re.search(r"Requests/sec:\s+([\d.]+)", out).group(1)), "p50": latency.get("50", "?"),
                "p99": latency.get("99", "?"), "server_us": (after[0] - before[0]) / requests * 1e6,
                "database_us": (after[1] - before[1]) / requests * 1e6, "client_us": client / requests * 1e6}

    def pgbench(self, clients, seconds, script, role="app", mode="prepared"):
        env = {**os.environ, "PGPASSFILE": str(self.folder / f"pg/{role}.pass")}
        before, client = self.cpu(), client_cpu()
        done = subprocess.run([PGBENCH, "-n", "-M", mode, "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds),
                               "-D", f"count={self.count}", "-f", str(script), self.dsn(role)],
                              capture_output=True, text=True, env=env)
        after, client = self.cpu(), client_cpu() - client
        if done.returncode != 0:
            raise RuntimeError(f"pgbench: {done.stdout}{done.stderr}")
        failed = re.search(r"number of failed transactions: (\d+)", done.stdout)
        if failed and int(failed.group(1)):
            raise RuntimeError(done.stdout)
        count = int(re.search(r"transactions actually processed: (\d+)", done.stdout).group(1))
        return {"rate": float(re.search(r"tps = ([\d.]+)", done.stdout).group(1)), "p50": "", "p99": "",
                "server_us": 0.0, "database_us": (after[1] - before[1]) / count * 1e6, "client_us": client / count * 1e6}


def client_cpu():
    """Seconds that ended children of ours, the load generators, have computed: they share the cores."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def sql_file(stack, name, text):
    path = stack.folder / name
    path.write_text(text)
    return path


def lua_file(stack, name, text):
    path = stack.folder / name
    path.write_text(text)
    return path


class Table:
    """Runs of named shapes; prints medians (minimum-maximum)."""

    def __init__(self):
        self.runs = {}

    def add(self, name, result):
        self.runs.setdefault(name, []).append(result)
        total = result["server_us"] + result["database_us"]
        print(f"   {name:58} {result['rate']:9.0f}/s  {total:6.1f} us", file=sys.stderr, flush=True)

    def rate(self, name):
        return statistics.median(run["rate"] for run in self.runs[name])

    def best(self, names):
        return max(names, key=self.rate)

    def lines(self):
        yield "| what | rate/s | p50 / p99 | CPU us per request: server + PostgreSQL | load generator |"
        yield "|---|---|---|---|---|"
        for name, runs in self.runs.items():
            rates = [run["rate"] for run in runs]
            middle = sorted(runs, key=lambda run: run["rate"])[len(runs) // 2]
            server = statistics.median(run["server_us"] for run in runs)
            database = statistics.median(run["database_us"] for run in runs)
            client = statistics.median(run["client_us"] for run in runs)
            latency = f"{middle['p50']} / {middle['p99']}" if middle["p50"] else ""
            cost = f"{server:.1f} + {database:.1f} = {server + database:.1f}" if server else f"{database:.1f}"
            yield f"| {name} | {statistics.median(rates):,.0f} ({min(rates):,.0f}-{max(rates):,.0f}) | {latency} | {cost} | {client:.1f} |"


def ratio_line(table, what, aim, ours, other):
    ratio = table.rate(ours) / table.rate(other)
    return f"| {what} | {ours} / {other} | **{ratio:.2f}** | {aim} |"


def conditions(stack, seconds, rounds):
    model = re.search(r"model name\s*:\s*(.*)", pathlib.Path("/proc/cpuinfo").read_text()).group(1)
    version = stack.sql("show server_version")
    load = os.getloadavg()
    commit = subprocess.run(["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True).stdout.strip()
    return (f"{time.strftime('%Y-%m-%d')}, commit {commit or '?'}, {os.cpu_count()} cores {model}, Linux {platform.release()}, PostgreSQL "
            f"{version} on a unix socket (fsync on, checksums on), load generator on the same machine; {stack.count:,} judges; "
            f"{rounds} alternating rounds of {seconds} s, medians (min-max); load average at the end {load[0]:.1f}")


__all__ = ["BENCH_ID", "BenchStack", "Table", "conditions", "json", "lua_file", "quote", "ratio_line", "sql_file"]
