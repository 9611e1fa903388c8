# SPDX-License-Identifier: Apache-2.0
"""Attack 24 (AUDIT 4.1): payloads are erased; the record still verifies, other payloads stay, and what was erased cannot be guessed from its
commitment. An erasure that nobody recorded is named by the verifier."""

import hashlib
import json
import pathlib
import re
import struct
import sys
import tarfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from approval_case import approve, ask  # noqa: E402
from panel import Panel, wait_for  # noqa: E402
from stack import run  # noqa: E402

LOG = "00000000-0000-4000-8000-00000000000a"  # whatever: the parameters bind
SEARCH = "/api/v1/audit/entries?reason="


class Erasure(unittest.TestCase):
    officers = 0

    @classmethod
    def setUpClass(cls):
        cls.panel = Panel.own(accounts=("hrd.manager", "security.officer"))
        cls.stack, cls.officer = cls.panel.stack, cls.panel.officer
        # signed in at once: a code works once in 30 seconds, and then none of them has to wait for the others
        others = [f"officer.{name}{number}" for number in range(1, 7) for name in ("asks", "votes")] + ["officer.gone"]
        cls.stack.add_accounts({name: ("-", "-", "security-officer", "مسئول دیگر") for name in others})
        for name in others:
            cls.stack.client(name)
        cls.indices = [cls.search(f"look%20into%20case%20{number}") for number in range(4)]

    @classmethod
    def tearDownClass(cls):
        cls.panel.destroy()

    @classmethod
    def search(cls, reason):
        answer = cls.officer.get(SEARCH + reason)
        assert answer.status == 200, answer
        return int(answer.header("Audit-Index"))

    def payload(self, index):
        return self.stack.sql(f"select encode(content, 'hex') from sanjeh.audit_payload where idx = {index}")

    def entry(self, index):
        return bytes.fromhex(self.stack.sql(f"select encode(entry, 'hex') from sanjeh.audit_entry where idx = {index}"))

    def erase(self, *options):
        """With the approval of two officers for exactly these words."""
        if "--dry-run" in options or len(options) != 2:
            return self.command(*options)
        type(self).officers += 1
        names = [f"officer.asks{self.officers}", f"officer.votes{self.officers}"]
        made = ask(self.stack, names[0], "log:erase", LOG, {options[0].lstrip("-"): options[1]})
        self.assertEqual(made.status, 201, made)
        self.assertEqual(approve(self.stack, names[1], made).json()["state"], "approved")
        return self.command(*options, "--approval", made.json()["id"])

    def command(self, *options):
        return run(self.stack.build / "server/sanjeh", "audit", "erase", "--config", self.stack.folder / "sanjehd.conf", *options, check=False)

    def verified(self):
        wait_for(lambda: self.stack.sql("select count(*) from sanjeh.audit_outbox") == "0", "the sweeper has brought the entry of the erasure")
        done = self.stack.verify(self.stack.export(), "--json")
        return done.returncode, json.loads(done.stdout)

    def opened(self):
        """{index: salt and text} of all payloads that an export for the officer has."""
        answer = self.officer.post("/api/v1/audit/exports", {"payloads": True})
        self.assertEqual(answer.status, 200, answer)
        bundle = self.stack.folder / "opened.tar"
        bundle.write_bytes(answer.body)
        with tarfile.open(bundle) as tar:
            stored = tar.extractfile("payloads").read()
        found, at = {}, 0
        while at < len(stored):
            index, length = struct.unpack_from(">QI", stored, at)
            self.assertEqual(stored[at + 28:at + 44], bytes(16), "in clear")
            found[index] = stored[at + 48:at + 12 + length]
            at += 12 + length
        code = self.stack.verify(bundle, "--json")
        self.assertEqual(code.returncode, 0, code.stdout)
        return found

    def shown(self, index):
        answer = self.officer.get(f"/api/v1/audit/entries/{index}")
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["payload_state"], answer.json()["payload"]

    def test_attack_24_erasure_then_verify(self):
        first, second, third, fourth = self.indices
        before = self.opened()
        self.assertEqual(self.panel.pin(), {})
        commit, salted = self.entry(first)[173:205], before[first]
        self.assertEqual(hashlib.sha256(b"\x02" + salted).digest(), commit, "the commitment is over salt and payload")
        self.assertEqual(json.loads(salted[32:])["reason"], "look into case 0")
        self.assertEqual(self.shown(first), ("kept", salted[32:].decode()))
        self.assertNotIn(salted, bytes.fromhex(self.payload(first)), "sealed where it lies")
        self.assertEqual(self.erase("--indices", f"{first},{third}", "--dry-run").returncode, 0)
        self.assertTrue(self.payload(first))
        done = self.erase("--indices", f"{first},{third}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("next: vacuum", done.stderr)
        self.assertEqual((self.payload(first), self.payload(third)), ("", ""))
        self.assertTrue(self.payload(second) and self.payload(fourth), "one erasure leaves others")
        self.assertEqual(self.shown(first), ("gone", None))
        code, report = self.verified()
        self.assertEqual(code, 0, report)
        self.assertEqual(self.panel.ask(entries=self.indices, units=("HRD",)), {"payloads": {first: "gone", third: "gone"}})
        # who knows the payload to the byte, but not the salt, cannot show that it was this one: not with any salt that is left
        after = self.opened()
        self.assertEqual({first, third} & set(after), set())
        self.assertEqual(after[second], before[second])
        salts = [kept[:32] for kept in after.values()]
        self.assertNotIn(salted[:32], salts)
        texts = [salted[32:], before[third][32:]] + [kept[32:] for kept in after.values()]
        texts += [json.dumps({"reason": f"look into case {number}"}, separators=(",", ":")).encode() for number in range(1000)]
        self.assertNotIn(commit, {hashlib.sha256(b"\x02" + salt + text).digest() for salt in salts for text in texts})
        self.assertNotIn(commit, {hashlib.sha256(prefix + text).digest()
                                  for prefix in (b"", b"\x02", b"\x02" + bytes(32), b"\x02" + self.entry(first)[114:130]) for text in texts})
        self.assertEqual(hashlib.sha256(b"\x02" + salted[:32] + texts[0]).digest(), commit, "with the salt it would show")
        dump = self.stack.sql("select encode(content, 'hex') from sanjeh.audit_payload union all "
                              "select encode(payload, 'hex') from sanjeh.audit_outbox where payload is not null")
        self.assertNotIn(salted[:32].hex(), dump)
        ranges = f"{first},{third}" if third != first + 1 else f"{first}-{third}"
        size = int(self.stack.sql("select size from sanjeh.audit_head"))
        details = [self.officer.get(f"/api/v1/audit/entries/{index}").json() for index in range(fourth + 1, size)]
        self.assertEqual([entry["detail"] for entry in details if entry["kind"] == "erase"
                          and entry["detail"].startswith("what=payload;count=2;")], [f"what=payload;count=2;indices={ranges}"])
        # one that goes without an entry is missed
        taken = self.payload(second)
        self.stack.sql(f"set session_replication_role = replica; delete from sanjeh.audit_payload where idx = {second}")
        self.assertEqual(self.panel.ask(entries=self.indices, units=("HRD",)), {
            "payloads": {index: "gone" for index in (first, second, third)},
            "verifier": (2, second, "the entry's payload is missing and nothing says that it was destroyed"),
            "scrubber": (1, second, "the payload is missing and no entry says that it was erased")})
        self.stack.sql(f"insert into sanjeh.audit_payload (idx, content) values ({second}, decode('{taken}', 'hex'))")
        self.assertEqual(self.panel.pin(), {})
        self.assertEqual(self.erase("--indices", f"{first}").returncode, 0)
        self.assertRegex(self.erase("--indices", f"{first}").stderr, re.compile("^0 payloads"))

    # ---- a subject's keys ----

    TABLES = ("audit_payload", "audit_payload_key", "audit_payload_kek")

    def dump(self, name):
        out = self.stack.folder / name
        tables = [option for table in self.TABLES for option in ("--table", f"sanjeh.{table}")]
        run(max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/pg_dump")), "--dbname", self.stack.dsn(), "--data-only", "--file", out, *tables)
        return out

    def restore(self, dump):
        self.stack.sql("set session_replication_role = replica; " + "".join(f"delete from sanjeh.{table}; " for table in self.TABLES))
        script = self.stack.folder / "restore.sql"
        script.write_text("set session_replication_role = replica;\n" + dump.read_text())
        run(max(pathlib.Path("/usr/lib/postgresql").glob("*/bin/psql")), self.stack.dsn(), "--set", "ON_ERROR_STOP=1", "--quiet", "--file", script)

    def test_attack_24_indices_are_erased_here_and_not_from_backups(self):
        """As the manual says: the key that sealed it seals others, too, and stays."""
        index, other = self.search("in%20this%20copy%20alone"), self.search("sealed%20by%20the%20same%20key")
        backup = self.dump("before-indices.sql")
        keys = self.stack.sql("select count(*) from sanjeh.audit_payload_key")
        self.assertEqual(self.erase("--indices", str(index)).returncode, 0)
        self.assertEqual((self.shown(index), self.payload(index)), (("gone", None), ""))
        self.assertGreaterEqual(int(self.stack.sql("select count(*) from sanjeh.audit_payload_key")), int(keys), "none was destroyed")
        self.assertEqual(json.loads(self.shown(other)[1])["reason"], "sealed by the same key")
        after = self.dump("after-indices.sql")
        self.restore(backup)
        self.assertEqual(json.loads(self.shown(index)[1])["reason"], "in this copy alone")
        self.restore(after)
        self.assertEqual(self.shown(index), ("gone", None))

    def test_attack_24_subject_is_erased_from_backups_too(self):
        gone = self.stack.client("officer.gone")
        answers = [gone.get(f"{SEARCH}private%20matter%20{number}") for number in range(3)]
        self.assertEqual([answer.status for answer in answers], [200] * 3)
        hers = [int(answer.header("Audit-Index")) for answer in answers]
        mine = self.search("somebody%20elses%20matter")
        account = self.stack.sql("select id from sanjeh.account where username = 'officer.gone'")
        self.assertEqual(json.loads(self.shown(hers[0])[1])["reason"], "private matter 0")
        backup = self.dump("backup.sql")
        self.assertNotIn(b"private matter".hex(), backup.read_text())
        done = self.erase("--subject", account)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("1 keys destroyed", done.stderr)
        self.assertIn("opens no longer", done.stderr)
        for index in hers:
            self.assertEqual(self.shown(index), ("gone", None))
        self.assertEqual(json.loads(self.shown(mine)[1])["reason"], "somebody elses matter")
        code, report = self.verified()
        self.assertEqual(code, 0, report)
        # the backup, with the root key and everything else that there is now
        after = self.dump("after.sql")
        self.restore(backup)
        self.assertEqual(len(self.payload(hers[0])) > 0, True, "the backup has it")
        for index in hers:
            self.assertEqual(self.shown(index), ("sealed", None))
        self.restore(after)
        self.assertEqual(json.loads(self.shown(mine)[1])["reason"], "somebody elses matter")
        # she goes on, under a key of now
        again = int(gone.get(f"{SEARCH}another%20matter%20now").header("Audit-Index"))
        self.assertEqual(json.loads(self.shown(again)[1])["reason"], "another matter now")

    def test_attack_24_wrong_requests_erase_nothing(self):
        count = f"select count(*) from sanjeh.audit_payload where idx <= {self.indices[3]}"
        before = self.stack.sql(count)
        for options in (("--indices", "9-4"), ("--indices", "x"), ("--subject", "nobody"), ()):
            self.assertNotEqual(self.command(*options).returncode, 0, options)
        last = str(self.indices[3])
        made = ask(self.stack, "security.officer", "log:erase", LOG, {"indices": last})
        for options in (("--indices", last), ("--indices", last, "--approval", LOG), ("--indices", last, "--approval", made.json()["id"])):
            self.assertNotEqual(self.command(*options).returncode, 0, "nobody has approved it")
        done = self.erase("--indices", last)
        self.assertEqual(done.returncode, 0, done.stderr)
        used = self.stack.sql("select id from sanjeh.approval where state = 'used' order by used_at desc limit 1")
        other = str(self.indices[1])
        for options in (("--indices", last, "--approval", used), ("--indices", other, "--approval", used)):
            self.assertNotEqual(self.command(*options).returncode, 0, "used, and for another")
        self.assertEqual(int(self.stack.sql(count)), int(before) - 1)


if __name__ == "__main__":
    unittest.main()
