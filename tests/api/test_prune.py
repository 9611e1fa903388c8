# SPDX-License-Identifier: Apache-2.0
"""The oldest partition of the record leaves the database: sealed and verified by itself, by two persons, whole or not at all however it is
killed; proofs of what is left hold, and whoever prunes without saying so is found."""

import hashlib
import io
import json
import re
import signal
import subprocess
import tarfile
import time
import unittest

from approval_case import approve, ask
from stack import PSQL, Stack, problem, run

LOG = "00000000-0000-4000-8000-00000000000a"  # whatever: the parameters bind
END = 256  # of the first two partitions of this test; the product's have 4194304 entries
SPLIT = f"""
set local session_replication_role = replica;
alter table sanjeh.audit_entry detach partition sanjeh.audit_entry_p0;
create table sanjeh.audit_entry_a (like sanjeh.audit_entry including all);
create table sanjeh.audit_entry_b (like sanjeh.audit_entry including all);
insert into sanjeh.audit_entry_a select * from sanjeh.audit_entry_p0 where idx < {END};
insert into sanjeh.audit_entry_b select * from sanjeh.audit_entry_p0 where idx between {END} and {2 * END - 1};
delete from sanjeh.audit_entry_p0 where idx < {2 * END};
alter table sanjeh.audit_entry attach partition sanjeh.audit_entry_a for values from (0) to ({END});
alter table sanjeh.audit_entry attach partition sanjeh.audit_entry_b for values from ({END}) to ({2 * END});
alter table sanjeh.audit_entry attach partition sanjeh.audit_entry_p0 for values from ({2 * END}) to (4194304);
select sanjeh.audit_guard_partition('sanjeh.audit_entry_a');
select sanjeh.audit_guard_partition('sanjeh.audit_entry_b');
alter table sanjeh.audit_entry_a owner to sanjeh_owner;
alter table sanjeh.audit_entry_b owner to sanjeh_owner;
"""


class Prune(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own()
        cls.stack.is_tampered = True  # its oldest entries are pruned
        try:
            cls.prepare()
        except BaseException:
            cls.stack.destroy()
            raise

    @classmethod
    def prepare(cls):
        cls.stack.add_accounts({"officer.two": ("-", "-", "security-officer", "مسئول دوم")})
        cls.officer = cls.stack.client("security.officer")
        cls.stack.client("officer.two")
        while int(cls.stack.sql("select size from sanjeh.audit_head")) < 2 * END + 10:
            assert cls.officer.get("/api/v1/me").status == 200
        cls.config("retention_d", 0)
        cls.stack.sql(f"begin; {SPLIT} commit")
        cls.policy = cls.stack.folder / "audit.policy"
        cls.stack.instance("policy")

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    @classmethod
    def config(cls, key, value):
        conf = cls.stack.folder / "sanjehd.conf"
        text = re.sub(rf"^{key} = .*\n", "", conf.read_text(), flags=re.M)
        conf.write_text(text.replace("[audit]\n", f"[audit]\n{key} = {value}\n", 1))

    def command(self, verb, *options):
        return run(self.stack.build / "server/sanjeh", "audit", verb, "--config", self.stack.folder / "sanjehd.conf", *options, check=False)

    def seal(self, first, name):
        out = self.stack.folder / name
        done = self.command("seal", "--from", str(first), "--out", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        return out, done.stdout.strip()

    def verify(self, path):
        done = run(self.stack.build / "server/sanjeh-verify", path, "--policy", self.policy, "--json", check=False)
        return done.returncode, json.loads(done.stdout)

    def prune(self, sealed, *options, before=END):
        return self.command("prune", "--before", str(before), "--sealed", sealed, "--policy", self.policy, *options)

    def minimum(self):
        return int(self.stack.sql("select minimum from sanjeh.audit_retention"))

    def partitions(self):
        return self.stack.sql("select string_agg(first_index || '-' || end_index, ' ' order by first_index) from sanjeh.audit_partition_list()")

    def head(self):
        return int(self.stack.sql("select size from sanjeh.audit_head"))

    def approved(self, manifest, before=END):
        made = ask(self.stack, "security.officer", "log:prune", LOG, {"before": str(before), "export_sha256": manifest})
        self.assertEqual(made.status, 201, made)
        done = approve(self.stack, "officer.two", made)
        self.assertEqual(done.json()["state"], "approved", done)
        return made.json()["id"]

    def kill_while(self, locked, command):
        """Killed where it waits for a table that somebody holds: the moment before that statement."""
        holder = subprocess.Popen([PSQL, "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", self.stack.dsn()], stdin=subprocess.PIPE,
                                  stdout=subprocess.PIPE, text=True)
        try:
            holder.stdin.write(f"begin; lock table {locked} in access exclusive mode;\n\\echo held\n")
            holder.stdin.flush()
            self.assertEqual(holder.stdout.readline().strip(), "held")
            process = subprocess.Popen([str(part) for part in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            while self.stack.sql(f"select count(*) from pg_locks where not granted and relation = '{locked}'::regclass") == "0":
                self.assertIsNone(process.poll(), f"it ended before it came to {locked}")
                self.assertLess(time.monotonic(), deadline)
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        finally:
            holder.stdin.close()
            holder.wait(10)
        deadline = time.monotonic() + 20
        while self.stack.sql("select count(*) from pg_stat_activity where query ~ 'audit_prune|approval' and pid <> pg_backend_pid()"
                             " and state <> 'idle'") != "0":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.02)

    def test_pruned_whole_or_not_at_all(self):
        before = self.partitions()
        self.assertTrue(before.startswith(f"0-{END} {END}-{2 * END} "), before)
        size = self.head()
        leaf = self.officer.get("/api/v1/audit/entries/7").json()["leaf"]
        sealed, manifest = self.seal(0, "sealed.tar")
        code, report = self.verify(sealed)
        self.assertEqual((code, report["verdict"]), (0, "verified"), report)
        self.assertGreaterEqual(report["entries_checked"], END)
        # one byte of it
        broken = self.stack.folder / "broken.tar"
        content = bytearray(sealed.read_bytes())
        content[content.index(b"tile/entries/000") + 512 + 100] ^= 1
        broken.write_bytes(content)
        self.assertEqual(self.verify(broken)[0], 1)
        later, other = self.seal(END, "later.tar")
        self.assertEqual(self.verify(later)[0], 0)
        self.doctored(sealed, later)
        # what may not be pruned
        filling = self.command("seal", "--from", str(2 * END), "--out", self.stack.folder / "filling.tar")
        self.assertNotEqual(filling.returncode, 0, "no signed tree has all of it")
        self.assertNotEqual(self.prune(broken, "--dry-run").returncode, 0)
        self.assertNotEqual(self.prune(later, "--dry-run", before=2 * END).returncode, 0, "not the oldest")
        self.config("retention_d", 1)
        young = self.prune(sealed, "--dry-run")
        self.assertNotEqual(young.returncode, 0)
        self.assertIn("retention_d", young.stderr)
        self.config("retention_d", 0)
        unseen = run(self.stack.build / "server/sanjeh", "audit", "prune", "--config", self.stack.folder / "sanjehd.conf", "--before", END,
                     "--sealed", sealed, "--policy", self.policy, "--dry-run", env={"SANJEH_PUBLISH_POLICY_FILE": str(self.policy)}, check=False)
        self.assertNotEqual(unseen.returncode, 0)
        self.assertIn("the witnesses have not seen these entries", unseen.stderr)
        self.assertEqual(self.prune(sealed, "--dry-run").returncode, 0)
        self.assertNotEqual(self.prune(sealed, "--approval", LOG).returncode, 0)
        approval = self.approved(manifest)
        self.assertNotEqual(self.prune(later, "--approval", approval, before=2 * END).returncode, 0, "approved for another")
        # killed before each statement that changes something
        command = [self.stack.build / "server/sanjeh", "audit", "prune", "--config", self.stack.folder / "sanjehd.conf", "--before", END,
                   "--sealed", sealed, "--policy", self.policy, "--approval", approval]
        for locked in ("sanjeh.approval", "sanjeh.audit_outbox", "sanjeh.audit_retention", "sanjeh.audit_entry_a", "sanjeh.audit_payload"):
            self.kill_while(locked, command)
            self.assertEqual((self.minimum(), self.partitions()), (0, before), locked)
            self.assertEqual(self.stack.sql(f"select state from sanjeh.approval where id = '{approval}'"), "approved", locked)
        # at last
        done = self.prune(sealed, "--approval", approval)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual((self.minimum(), self.partitions()), (END, before.split(" ", 1)[1]))
        self.assertNotEqual(self.prune(sealed, "--approval", approval).returncode, 0, "used")
        self.wait_for_entry()
        self.readers_after(size, leaf)
        self.others_after()
        self.hidden_pruning(other)

    def doctor(self, sealed, change, renew=True):
        """Its verdict after change(files), with a manifest that fits what the files are then."""
        with tarfile.open(sealed) as tar:
            files = {member.name: tar.extractfile(member).read() for member in tar.getmembers()}
        change(files)
        if renew:
            lines = files["manifest"].decode().split("\n")
            files["manifest"] = "\n".join(lines[:3] + [f"{hashlib.sha256(files[name]).hexdigest()} {name}" for name in files
                                                       if name != "manifest"] + [""]).encode()
        path = self.stack.folder / "doctored.tar"
        with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
            for name, content in files.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                tar.addfile(member, io.BytesIO(content))
        return self.verify(path)

    def doctored(self, sealed, later):
        self.assertEqual(self.doctor(sealed, lambda files: None)[0], 0)

        def edit(files, also_tile):
            bundle = bytearray(files["tile/entries/000"])
            second = 2 + int.from_bytes(bundle[:2], "big")
            length = int.from_bytes(bundle[second:second + 2], "big")
            bundle[second + 2 + 164] ^= 1
            files["tile/entries/000"] = bytes(bundle)
            if also_tile:
                leaf = hashlib.sha256(b"\0" + bytes(bundle[second + 2:second + 2 + length])).digest()
                files["tile/0/000"] = files["tile/0/000"][:32] + leaf + files["tile/0/000"][64:]

        code, report = self.doctor(sealed, lambda files: edit(files, False))
        self.assertEqual((code, report["bad_index"]), (1, 0), report)
        code, report = self.doctor(sealed, lambda files: edit(files, True))
        self.assertEqual((code, report["cause"]), (1, "the entries do not give the root that was signed"), report)
        code, report = self.doctor(sealed, lambda files: edit(files, True), renew=False)
        self.assertEqual((code, report["cause"]), (1, "a file is not what the manifest says"), report)
        code, report = self.doctor(later, lambda files: files.update(before=bytes(32)))
        self.assertEqual((code, report["cause"]), (1, "the entries do not give the root that was signed"), report)
        for renew in (True, False):
            self.assertEqual(self.doctor(sealed, lambda files: files.pop("tile/0/000"), renew)[0], 2)
            self.assertEqual(self.doctor(sealed, lambda files: files.pop("tile/entries/000"), renew)[0], 2)
            self.assertEqual(self.doctor(later, lambda files: files.pop("before"), renew)[0], 2)
        unsigned = lambda files: files.update(checkpoint=files["checkpoint"].split(b"\n\n")[0] + b"\n\n")
        self.assertEqual(self.doctor(sealed, unsigned)[0], 2)
        wider = lambda files: files.update(manifest=files["manifest"].replace(f"\n{END} {2 * END} ".encode(), f"\n0 {2 * END} ".encode()))
        self.assertEqual(self.doctor(later, wider)[0], 2, "it claims more than it has")

    def wait_for_entry(self):
        deadline = time.monotonic() + 30
        while self.stack.sql("select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = 13") == "0":
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.1)

    def readers_after(self, size, leaf):
        problem(self, self.officer.get("/audit/tile/entries/000"), 410, "PRUNED")
        problem(self, self.officer.get("/api/v1/audit/entries/7"), 410, "PRUNED")
        self.assertEqual(self.officer.get("/audit/tile/entries/001").status, 200)
        self.assertEqual(self.officer.get("/audit/tile/0/000").status, 200, "hashes stay")
        for index in (7, END, size - 1):
            self.assertEqual(self.officer.get(f"/api/v1/audit/proof/{index}").status, 200, "proofs stay")
        self.assertEqual(self.officer.get(f"/api/v1/audit/consistency?old=3&new={size}").status, 200)
        self.assertEqual(self.officer.get(f"/api/v1/audit/entries/{END}").status, 200)
        found = self.officer.get("/api/v1/audit/entries?action=me:read&limit=200&reason=what%20is%20still%20here").json()
        self.assertEqual((found["coverage"]["pruned"], found["coverage"]["complete"]), (END, True), found["coverage"])
        for _ in range(10):
            if found["next"] is None:
                break
            self.assertGreaterEqual(min(item["index"] for item in found["items"]), END)
            found = self.officer.get("/api/v1/audit/entries?action=me:read&limit=200&reason=what%20is%20still%20here&cursor="
                                     + found["next"]).json()
        self.assertEqual((found["next"], found["coverage"]["contradicted"], found["coverage"]["complete"]), (None, [], True))
        times = self.officer.get("/api/v1/audit/entries?from=2020-01-01T00:00:00Z&limit=1&reason=since%20the%20beginning")
        self.assertEqual((times.status, times.json()["coverage"]["complete"]), (200, True), times)
        self.assertNotIn(leaf, json.dumps(found))

    def others_after(self):
        done = self.stack.verify(self.stack.export(), "--json")
        self.assertEqual(done.returncode, 0, done.stdout)
        compared = self.officer.get("/api/v1/audit/index?compare=true").json()["comparison"]
        self.assertEqual((compared["missing"], compared["wrong"]), (0, 0), compared)
        scrubbed = self.command("scrub", "--json")
        self.assertEqual(scrubbed.returncode, 0, scrubbed.stdout + scrubbed.stderr)
        self.stack.kill9()
        self.stack.start()
        self.assertEqual(self.officer.get("/api/v1/me").status, 200)
        self.assertEqual(self.officer.post("/api/v1/audit/index/rebuild").status // 100, 2)
        deadline = time.monotonic() + 30
        while True:
            answer = self.officer.get("/api/v1/audit/index?compare=true").json()
            compared = answer["comparison"]
            if answer["indexed"] > END and compared["missing"] == 0 and compared["wrong"] == 0 and compared["counts_hold"]:
                break
            self.assertLess(time.monotonic(), deadline, compared)
            time.sleep(0.3)
        done = self.stack.verify(self.stack.export(), "--json")
        self.assertEqual(done.returncode, 0, done.stdout)

    def hidden_pruning(self, manifest):
        """Whoever is superuser and prunes by hand leaves a log that no entry excuses."""
        self.stack.sql(f"begin; set local session_replication_role = replica; update sanjeh.audit_retention set minimum = {2 * END}, "
                       f"export_sha256 = '\\x{manifest}'; alter table sanjeh.audit_entry detach partition sanjeh.audit_entry_b; "
                       "drop table sanjeh.audit_entry_b; commit")
        scrubbed = self.command("scrub", "--json")
        self.assertEqual(scrubbed.returncode, 1, scrubbed.stdout)
        self.assertIn("no entry says so", scrubbed.stdout)
        code, report = self.verify(self.stack.export("hidden.tar"))
        self.assertEqual(code, 2, report)
        self.assertEqual(report["bad_index"], END, report)


if __name__ == "__main__":
    unittest.main()
