# SPDX-License-Identifier: Apache-2.0
"""The recorder is lost and no other server runs: the server refuses to start, two officers begin the record anew, and whoever holds an
old checkpoint finds it named in the new log's first entry. One officer alone, one person with two accounts, or a running
server: refused. An interrupted command is run again. A deed that was committed and never recorded is counted and kept, and no draft of
the old log comes into the new one. Killing the command step by step: tests/unit/server/test_begin_anew.c."""

import fcntl
import hashlib
import json
import os
import re
import tarfile
import time
import unittest

from stack import LONG, Stack, run

OFFICER = ("-", "-", "security-officer")
REASON = "دیسک ثبت کننده از دست رفت و نسخه‌ای از آن نیست"


@unittest.skipUnless(LONG, "four starts of a stack of its own: SANJEH_LONG=1; tests/unit/server/test_begin_anew.c always runs")
class Incarnation(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = stack = Stack.own()
        stack.is_tampered = True  # its answers stand in two logs
        stack.add_accounts({"officer.one": (*OFFICER, "مسئول یکم"), "officer.two": (*OFFICER, "مسئول دوم"),
                            "officer.three": (*OFFICER, "مسئول سوم"), "officer.four": (*OFFICER, "مسئول چهارم")})
        manager = stack.client("hrd.manager")
        made = manager.post("/api/v1/judges", {"personnel_number": "INC-1", "name": "قاضی آزمون"})
        assert made.status == 201, made
        stack.add_accounts({name: ("HRD", "-", "security-officer", f"مسئول {name}", "HRD:INC-1", "person") for name in ("same.one", "same.two")})
        for _ in range(40):
            manager.get("/api/v1/me")
        cls.conf = stack.folder / "sanjehd.conf"
        cls.origin = re.search(r"^origin = (\S+)$", cls.conf.read_text(), re.M)[1]
        cls.state = re.search(r"^signer_state = (\S+)$", cls.conf.read_text(), re.M)[1]

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def command(self, *arguments, people=(), expect=0):
        lines = "".join(f"{self.stack.accounts[name]['password']}\n{self.stack.book(name).next_code()}\n" for name in people)
        done = run(self.stack.build / "server/sanjeh", "audit", "incarnation", "--config", self.conf, *arguments, check=False, stdin=lines)
        self.assertEqual(done.returncode, expect, done)
        return done.stderr

    def deed(self, one, two, expect=0):
        return self.command("--note-sha256", self.note, "--reason", REASON, "--officer", one, "--officer", two,
                            people=(one, two), expect=expect)

    def set_origin(self, origin):
        """As an administrator edits the configuration; scripts/instance keeps the origin beside it."""
        for path, sign in ((self.conf, " = "), (self.stack.folder / "settings", "=")):
            path.write_text(re.sub(rf"^origin{sign}.*$", f"origin{sign}{origin}", path.read_text(), flags=re.M))

    def refused_start(self):
        self.assertNotEqual(self.stack.start(check=False).returncode, 0)
        return self.stack.log()

    def export_former(self):
        out = self.stack.folder / "former.tar"
        run(self.stack.build / "server/sanjeh", "audit", "export", "--config", self.conf, "--out", out, "--incarnation", "1")
        return out

    def verify(self, bundle, *options):
        done = run(self.stack.build / "server/sanjeh-verify", bundle, "--policy", self.policy, "--json", *options, check=False)
        return done.returncode, json.loads(done.stdout) if done.stdout else done.stderr

    def vkey(self):
        return run(self.stack.build / "server/sanjeh", "audit", "vkey", "--config", self.conf).stdout.strip()

    def test_1_the_lost_recorder_is_refused(self):
        stack = self.stack
        with tarfile.open(stack.export()) as bundle:
            older = bundle.extractfile("checkpoint").read()
        type(self).older = stack.folder / "older.note"
        self.older.write_bytes(older)
        type(self).old_key = self.vkey()
        type(self).note = re.search(r"note-sha256 ([0-9a-f]{64})", self.command("--dry-run"))[1]
        self.deed("officer.three", "officer.four", expect=5)  # the server runs; a code works once, so others than below
        stack.client("hrd.manager").get("/api/v1/me")  # and goes on
        stack.stop()
        stack.cluster("start")
        stack.add_accounts({"late.one": (*OFFICER, "دیرآمده")})  # a deed whose draft waits for a server that will not come
        stack.sql("create table public.kept as table sanjeh.audit_outbox")
        self.assertEqual(stack.sql("select count(*) from public.kept"), "1")
        os.remove(re.search(r"^recorder = (\S+)$", self.conf.read_text(), re.M)[1])
        self.assertIn("LOG_TAMPERED", self.refused_start())

    def test_2_one_person_is_not_enough(self):
        text = self.command("--dry-run")
        type(self).note = re.search(r"note-sha256 ([0-9a-f]{64})", text)[1]
        self.assertIn(f"{self.origin}/", text)
        self.assertIn("deeds without a place in it: 1\n", text)
        self.assertRegex(text, rf"without a place: account:create of account {self.stack.accounts['late.one']['id']} by ")
        self.command("--note-sha256", self.note, "--reason", REASON, "--officer", "officer.three", people=("officer.three",), expect=2)
        self.command("--note-sha256", "0" * 64, "--reason", REASON, "--officer", "officer.one", "--officer", "officer.two", expect=5)
        self.assertIn("two persons", self.deed("same.one", "same.two", expect=5))
        self.assertIn("second officer", self.deed("same.one", "hrd.manager", expect=3))
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.audit_former"), "0")

    def test_3_two_officers_begin_anew_and_an_interruption_is_finished(self):
        with open(self.state, "rb") as held:  # as killed when the database had it and the files were still there
            fcntl.flock(held, fcntl.LOCK_EX)
            self.deed("officer.one", "officer.two", expect=5)
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.audit_former"), "1")
        self.assertTrue(os.path.exists(self.state))
        self.assertIn("set [audit] origin", self.refused_start())  # the old origin is over, whatever is left
        text = self.command("--note-sha256", self.note, "--reason", REASON, "--officer", "officer.one", "--officer", "officer.two")
        type(self).new_origin = re.search(r"origin = (\S+)", text)[1]
        self.assertRegex(self.new_origin, rf"^{re.escape(self.origin)}/[0-9a-f-]{{36}}/2$")
        self.assertFalse(os.path.exists(self.state))
        self.assertTrue(os.path.exists(f"{self.state}.of-1"))
        for program in (("unit", "create", "--code", "LOST", "--name-fa", "گمشده", "--name-en", "Lost"), ("audit", "scrub")):
            done = run(self.stack.build / "server/sanjeh", *program, "--config", self.conf, check=False)
            self.assertEqual(done.returncode, 5, done)  # its draft would be another log's
            self.assertIn("begun the record anew", done.stderr)

    def test_4_the_server_goes_on_and_names_the_old_tree(self):
        stack = self.stack
        self.set_origin(self.new_origin)
        stack.start()
        manager = stack.client("hrd.manager")
        manager.close()
        for _ in range(20):
            self.assertEqual(manager.get("/api/v1/me").status, 200)
        type(self).policy = stack.folder / "both.policy"
        self.policy.write_text(f"log {self.old_key}\nlog {self.vkey()}\nquorum none\n")
        bundle = stack.export("new.tar")
        code, report = self.verify(bundle)
        self.assertEqual(code, 0, report)
        self.assertTrue(report["goes_on_from"].startswith(f"{self.origin} "), report)
        first = stack.client("security.officer").get("/api/v1/audit/entries/0").json()
        self.assertIn(f"former={self.origin};", json.dumps(first))
        self.assertIn(self.note, json.dumps(first))
        for name in ("officer.one", "officer.two"):
            self.assertIn(stack.sql(f"select id from sanjeh.account where username = '{name}'"), json.dumps(first))
        self.assertEqual(stack.sql("select count(*) from sanjeh.audit_payload where idx = 0"), "1")  # the reason

    def test_4b_a_kept_draft_of_the_old_log_is_refused_and_nothing_else_speaks(self):
        stack = self.stack
        stack.sql("insert into sanjeh.audit_outbox table public.kept")
        deadline = time.time() + 60
        while stack.sql("select count(*) from sanjeh.audit_outbox") != "0" and time.time() < deadline:
            time.sleep(0.1)
        self.assertEqual(stack.sql("select count(*) from sanjeh.audit_refused"), "1")
        self.assertRegex(stack.log(), r'"audit\.outbox\.refused".*MAC is not ours')
        self.assertEqual(stack.sql("select count(*) from sanjeh.audit_entry where position('account:create'::bytea in entry) > 0"), "0")
        done = run(stack.build / "server/sanjeh", "audit", "scrub", "--json", "--config", self.conf, check=False)
        self.assertEqual((done.returncode, json.loads(done.stdout)["findings"]), (0, 0), done)
        self.assertEqual(stack.client("security.officer").items("/api/v1/audit/alarms"), [])
        self.assertEqual(stack.anonymous().get("/readyz").status, 200)
        code, report = self.verify(stack.export("after.tar"))
        self.assertEqual(code, 0, report)

    def test_5_the_old_log_stays_and_leads_to_the_new_one(self):
        former = self.export_former()
        code, report = self.verify(former, "--since", self.older)
        self.assertEqual(code, 0, report)
        self.assertGreater(report["size"], 40)
        with tarfile.open(former) as bundle:
            unsequenced = bundle.extractfile("unsequenced").read()
        self.assertIn(b"account:create", unsequenced)
        first = self.stack.client("security.officer").get("/api/v1/audit/entries/0").json()["detail"]
        self.assertIn(f";unsequenced=1;unsequenced_sha256={hashlib.sha256(unsequenced).hexdigest()};", first)
        last = self.stack.folder / "last.note"
        with tarfile.open(former) as bundle:
            last.write_bytes(bundle.extractfile("checkpoint").read())
        code, report = self.verify(self.stack.folder / "new.tar", "--since", last)
        self.assertEqual(code, 0, report)
        code, report = self.verify(self.stack.folder / "new.tar", "--since", self.older)  # the old export tells, not the new one
        self.assertEqual(code, 2, report)
        self.assertIn("told by its own export", report["cause"])


if __name__ == "__main__":
    unittest.main()
