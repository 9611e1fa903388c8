# SPDX-License-Identifier: Apache-2.0
"""Who speaks after an attack (AUDIT 4.1)? Every detector of a running product is asked, each in the way in which its reader would meet it: the
verifier with and without what was known before the attack, the scrubber, the alarms, the readiness, a witness behind the server, the records
of units, entries and proofs, the search, the server's own log. The answer has only those that are not silent, so that one comparison
says that the named detectors spoke and nothing else did."""

import json
import pathlib
import shutil
import sys
import tarfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from stack import Stack, run  # noqa: E402
from tlog_case import Witness  # noqa: E402

ALARMS = "/api/v1/audit/alarms"
ENV = {"SANJEH_ALARMS_LOOK_S": "1", "SANJEH_ALARMS_SCHEMA_WINDOW_S": "1", "SANJEH_ALARMS_SCRUB_WINDOW_S": "1",
       "SANJEH_AUDIT_SCRUB_CYCLE_S": "0", "SANJEH_PUBLISH_INTERVAL_MS": "200", "SANJEH_PUBLISH_ALARM_S": "3600",
       "SANJEH_PUBLISH_BLOCK_S": "7200"}
SILENT, CLEAN = (0, None, ""), (0, None, None)
HEAD = "(select size from sanjeh.audit_head)"
TABLES = {"entry": ("idx", HEAD), "payload": ("idx", HEAD), "tile": ("n", 10 ** 9)}  # key, from where on there is nothing
TOLD = {"audit.tail.put_back"}
SLOW = {"publish.witness.failed"}  # one that did not answer in a second, on a busy machine
EVERYTHING = ("entry", "payload", "tile", "tenant", "head", "checkpoint", "outbox", "refused", "seen")
COLUMNS = {"payload": "idx, content"}  # of a table with more, which are generated
PAST_TRIGGERS = "set session_replication_role = replica; "


def put_back(name):
    columns = COLUMNS.get(name)
    return f"insert into sanjeh.audit_{name} ({columns}) select {columns} from kept.{name};" if columns else \
        f"insert into sanjeh.audit_{name} table kept.{name};"


def wait_for(what, why, seconds=60):
    """What it gives as soon as that is true."""
    deadline = time.time() + seconds
    while time.time() < deadline:
        found = what()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"within {seconds} s not: {why}")


class Panel:
    """Of a stack with a witness. Use: own(); pin(); the attack; ask()."""

    def __init__(self):
        self.stack, self.witness = None, None

    @classmethod
    def own(cls, accounts=("hrd.manager", "security.officer", "sit.manager"), env=None):
        panel = cls()
        try:
            panel.stack = Stack.own(accounts, {**ENV, **(env or {})}, panel.add_witness)
        except BaseException:
            panel.destroy()
            raise
        return panel

    def add_witness(self, stack):
        self.stack = stack
        stack.instance("policy")
        vkey = (stack.folder / "audit.policy").read_text().split()[1]
        self.witness = Witness(stack.folder / "witness", stack.build, "w.example", [vkey], stack.folder / "certs").start()
        self.origin = vkey.split("+")[0]
        line = f"witness {self.witness.name} {self.witness.vkey} {self.witness.url}\n"
        (stack.folder / "publish.policy").write_text(f"{line}quorum {self.witness.name}\n")
        self.policy = stack.folder / "panel.policy"
        self.policy.write_text(f"log {vkey}\n{line}quorum none\n")
        (stack.folder / "witness").chmod(0o755)
        stack.env.update(SANJEH_PUBLISH_POLICY_FILE=str(stack.folder / "publish.policy"), SANJEH_PUBLISH_CA_FILE=str(stack.ca_file))

    def destroy(self):
        if self.witness is not None:
            self.witness.stop()
        if self.stack is not None:
            self.stack.destroy()

    # ---- tools ----

    @property
    def officer(self):
        return self.stack.client("security.officer")

    def size(self):
        return int(self.stack.sql("select size from sanjeh.audit_head"))

    def superuser(self, sql):
        return self.stack.sql(PAST_TRIGGERS + sql)

    def ready(self):
        client = self.stack.anonymous()
        answer = client.get("/readyz")
        client.close()
        return answer.status

    def count_refused(self):
        return int(self.stack.sql("select count(*) from sanjeh.audit_refused"))

    def export(self, name="panel.tar"):
        """All of the record, with the payloads that the officer may see."""
        answer = self.officer.post("/api/v1/audit/exports", {"payloads": True})
        if answer.status != 200:
            raise AssertionError(f"export: {answer!r}")
        path = self.stack.folder / name
        path.write_bytes(answer.body)
        return path

    def metrics(self):
        client = self.stack.anonymous()
        lines = client.get("/metrics").body.decode().splitlines()
        client.close()
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in lines if not line.startswith("#")}

    def said(self):
        """Warnings and errors in the server's log, and what it put back."""
        events = []
        for line in self.stack.log().splitlines():
            try:
                document = json.loads(line)
            except ValueError:
                continue  # what a refused start says to whoever started it, and sanitizers
            event = document["event.action"]
            if event in TOLD or (document["log.level"] in ("error", "warn") and event not in SLOW):
                events.append(event)
        return events

    def verify(self, bundle, *options):
        """(exit status, first bad index, cause)."""
        done = run(self.stack.build / "server/sanjeh-verify", bundle, "--policy", self.policy, "--json", *options, check=False)
        if done.returncode == 3:
            raise AssertionError(done.stderr)
        report = json.loads(done.stdout)
        return done.returncode, report["bad_index"], report["cause"]

    def scrub(self):
        done = run(self.stack.build / "server/sanjeh", "audit", "scrub", "--json", "--config", self.stack.folder / "sanjehd.conf", check=False)
        if not done.stdout:
            return done.returncode, None, done.stderr.strip()
        report = json.loads(done.stdout)
        return report["findings"], report.get("index"), report.get("cause")

    # ---- before ----

    def pin(self):
        """What people outside hold from now on: a checkpoint, and the state of a check up to there. Gives who speaks without an attack: nobody,
        so that after an undoing this is the proof that it was one."""
        folder = self.stack.folder / "pin"
        folder.mkdir(exist_ok=True)
        (folder / "state").unlink(missing_ok=True)
        size = self.size()
        wait_for(lambda: self.metrics()["sanjehd_witness_size"] >= size, "the witness has seen the newest tree")
        bundle = self.export()
        with tarfile.open(bundle) as tar:
            (folder / "checkpoint").write_bytes(tar.extractfile("checkpoint").read())
        self.last = int((folder / "checkpoint").read_text().split("\n")[1]) - 1  # entry that people outside have seen
        verdict, scrubbed = self.verify(bundle, "--state", folder / "state"), self.scrub()
        self.mark()
        self.keep()
        return {name: found for name, found, silent in (("verifier", verdict, SILENT), ("scrubber", scrubbed, CLEAN),
                                                        ("ready", self.ready(), 200)) if found != silent}

    def keep(self):
        """Copies of the record's tables, for undo()."""
        self.stack.sql("create schema if not exists kept;" + "".join(
            f"drop table if exists kept.{name}; create table kept.{name} as table sanjeh.audit_{name};" for name in TABLES))

    def undo(self):
        """The record's rows as they were; those that came since stay."""
        self.superuser("begin;" + "".join(
            f"""delete from sanjeh.audit_{name} where {key} <= (select max({key}) from kept.{name}) or {key} >= {beyond};
                {put_back(name)}""" for name, (key, beyond) in TABLES.items()) + "commit")

    def mark(self):
        self.alarms = {alarm["id"] for alarm in self.officer.items(ALARMS)}
        self.before = self.metrics()
        self.events = len(self.said())
        self.refused = self.count_refused()

    # ---- who speaks ----

    def heard_outside(self, bundle, state="state"):
        """The verifier alone; with what was known before only when that tells more. The state does not read again what it has seen."""
        folder = self.stack.folder / "pin"
        shutil.copy(folder / state, folder / "state.now")
        plain = self.verify(bundle)
        known = {"since": self.verify(bundle, "--since", folder / "checkpoint"),
                 "state": self.verify(bundle, "--state", folder / "state.now"),
                 "witnesses": self.verify(bundle, "--witnesses", "--ca", self.stack.ca_file, "--max-age", "3600")}
        found = {name: verdict for name, verdict in known.items() if verdict not in (plain, SILENT)}
        return found if plain == SILENT else {"verifier": plain, **found}

    def heard_reading(self, indices):
        shown = {index: self.officer.get(f"/api/v1/audit/entries/{index}") for index in indices}
        proofs = {index: self.officer.get(f"/api/v1/audit/proof/{index}") for index in indices}
        found = {name: {index: answer.json()["code"] for index, answer in answers.items() if answer.status != 200}
                 for name, answers in (("entries", shown), ("proofs", proofs))}
        found["payloads"] = {index: answer.json()["payload_state"] for index, answer in shown.items()
                             if answer.status == 200 and answer.json()["payload_state"] not in ("none", "kept")}
        return {name: what for name, what in found.items() if what}

    def heard_units(self, units):
        found = {}
        for unit in units:
            answer = self.officer.post("/api/v1/audit/exports", {"unit": unit})
            path = self.stack.folder / f"{unit}.unit"
            path.write_bytes(answer.body)
            verdict = answer.json()["code"] if answer.status != 200 else self.verify(path)
            if verdict != (0, None, ""):
                found[unit] = verdict
        return {"units": found} if found else {}

    def heard_search(self, query):
        answer = self.officer.get(f"/api/v1/audit/entries?{query}&reason=what%20was%20done%20there")
        if answer.status != 200:
            return {"search": answer.json()["code"]}
        coverage = answer.json()["coverage"]
        found = {"contradicted": coverage["contradicted"]} if coverage["contradicted"] else {}
        if coverage["gap"]:
            found["gap"] = coverage["gap"].split(": ")[-1]  # behind "of entries … to …"
        if not coverage["complete"]:
            found["complete"] = False
        if (coverage["counts"] or {}).get("agree") is False:
            found["counts"] = False
        return {"search": found} if found else {}

    def new_alarms(self):
        return sorted((alarm["rule"], alarm["cause"], alarm["id"]) for alarm in self.officer.items(ALARMS) if alarm["id"] not in self.alarms)

    def looks(self):
        return self.metrics()["sanjehd_watch_looks_total"]

    def looked(self, since=None):
        """Once the watch has read all entries and begun a look after the number `since`: the one after it may have been under way."""
        least = (self.looks() if since is None else since) + 2

        def enough():
            later = self.metrics()
            return later["sanjehd_watch_looks_total"] >= least and later["sanjehd_watch_lag_entries"] == 0
        wait_for(enough, "the watch has looked twice")

    def heard_inside(self, since):
        """What speaks by itself, once the watch has looked at everything that stood there then."""
        self.looked(since)
        later = self.metrics()
        found = {}
        if alarms := self.new_alarms():
            found["alarms"] = [alarm[:2] for alarm in alarms]
        for name, metric in (("witness", "sanjehd_witness_conflicts_total"), ("watch", "sanjehd_watch_failing"),
                             ("walk", "sanjehd_scrub_findings")):
            if later[metric] != self.before[metric]:
                found[name] = later[metric] - self.before[metric]
        if (ready := self.ready()) != 200:
            found["ready"] = ready
        if (refused := self.count_refused() - self.refused) != 0:
            found["refused"] = refused
        return found

    def heard_scrubber(self):
        """A scrub that finds something is told as an alarm as well, and as nothing else."""
        known = self.new_alarms()
        verdict = self.scrub()
        if verdict == CLEAN:
            return {}
        told = wait_for(lambda: [alarm for alarm in self.new_alarms() if alarm not in known], "the alarm of the scrubber")
        if [alarm[:2] for alarm in told] != [("scrub", f"what={verdict[2]}")]:
            return {"scrubber": verdict, "told": told}
        return {"scrubber": verdict}

    def ask(self, entries=(), units=("HRD", "SIT"), query="unit=HRD"):
        """{who: what} of all who speak since pin()."""
        since = self.looks()
        found = {**self.heard_reading(entries), **self.heard_search(query), **self.heard_units(units)}
        found.update(self.heard_outside(self.export()))
        found.update(self.heard_inside(since))
        found.update(self.heard_scrubber())
        if events := sorted(set(self.said()[self.events:]) - ({"alarm.raised"} if "scrubber" in found else set())):
            found["log"] = events
        return found

    # ---- of a stopped server ----

    def stop(self):
        """The server alone; the database is there for whoever attacks it."""
        found = self.pin()
        self.stack.stop()
        self.stack.cluster("start")
        if found != {}:
            raise AssertionError(found)
        self.keep_stopped()
        self.pin_stopped()
        self.events = len(self.said())

    def pin_stopped(self):
        state = self.stack.folder / "pin/stopped"  # of an export without payloads: that is what a stopped server's database gives
        state.unlink(missing_ok=True)
        if (verdict := self.verify(self.export_stopped(), "--state", state)) != SILENT:
            raise AssertionError(verdict)

    def keep_stopped(self):
        self.stack.sql("".join(f"drop table if exists kept.{name}; create table kept.{name} as table sanjeh.audit_{name};"
                               for name in EVERYTHING))

    def undo_stopped(self):
        self.superuser("begin;" + "".join(f"delete from sanjeh.audit_{name}; {put_back(name)}" for name in EVERYTHING) + "commit")

    def export_stopped(self):
        path = self.stack.folder / "panel.tar"
        path.unlink(missing_ok=True)
        done = run(self.stack.build / "server/sanjeh", "audit", "export", "--config", self.stack.folder / "sanjehd.conf", "--out", path, check=False)
        return path if done.returncode == 0 else done.stderr

    def refusal(self):
        """What a start says; None: the server runs."""
        before = len(self.stack.log())
        if self.stack.start(check=False).returncode == 0:
            return None
        for line in self.stack.log()[before:].splitlines():
            if '"server.start.refused"' in line:
                document = json.loads(line)
                return document["error.code"], document["reason"]
        raise AssertionError(self.stack.log()[before:])

    def rest(self):
        """{who: what} of those who can be asked of a database alone."""
        bundle = self.export_stopped()
        found = {"export": bundle} if isinstance(bundle, str) else self.heard_outside(bundle, "stopped")
        if (verdict := self.scrub()) != CLEAN:
            found["scrubber"] = verdict
        return found

    def ask_stopped(self):
        """{who: what}, the start with them. When it is not refused the server runs, and is to be asked."""
        found = self.rest()
        if (refusal := self.refusal()) is not None:
            found["start"] = refusal
        return found
