# SPDX-License-Identifier: Apache-2.0
"""Does every request leave its entry, and does the exported record prove it (I1)?"""

import base64
import hashlib
import shutil
import tarfile
import time
import unittest
import uuid

from stack import SharedTest, problem, recorded, run


class Record(SharedTest):
    def entry(self, index):
        return bytes.fromhex(self.stack.sql(f"select encode(entry, 'hex') from sanjeh.audit_entry where idx = {index}"))

    def test_the_leaf_of_an_answer_is_the_hash_of_its_entry(self):
        answer = self.stack.client("hrd.manager").get("/api/v1/judges?limit=1")
        index = recorded(self, answer)
        entry = self.entry(index)
        self.assertEqual(base64.b64decode(answer.header("Audit-Leaf")), hashlib.sha256(b"\0" + entry).digest())
        self.assertIn(uuid.UUID(answer.header("X-Request-Id")).bytes, entry)

    def test_an_entry_names_nobody(self):
        hrd = self.stack.client("hrd.manager")
        judge = hrd.items("/api/v1/judges")[0]
        answer = hrd.get(f"/api/v1/judges/{judge['id']}")
        entry = self.entry(recorded(self, answer))
        for text in (judge["name"], judge["personnel_number"], "hrd.manager", "مدیر منابع انسانی"):
            self.assertNotIn(text.encode(), entry)
        self.assertIn(uuid.UUID(judge["id"]).bytes, entry)
        self.assertIn(b"judge:read", entry)

    def test_a_searched_number_is_not_in_the_entry(self):
        answer = self.stack.client("hrd.manager").get("/api/v1/judges?personnel_number=HRD-0003")
        self.assertNotIn(b"HRD-0003", self.entry(recorded(self, answer)).upper())

    def test_the_export_verifies_and_covers_the_last_answer(self):
        index = recorded(self, self.stack.client("hrd.manager").get("/api/v1/me"))
        bundle = self.stack.export()
        with tarfile.open(bundle) as tar:
            names = tar.getnames()
            checkpoint = tar.extractfile("checkpoint").read().decode()
        for name in ("checkpoint", "policy"):
            self.assertIn(name, names)
        self.assertTrue([name for name in names if name.startswith("tile/entries/")])
        self.assertGreater(int(checkpoint.splitlines()[1]), index)
        done = self.stack.verify(bundle)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        with tarfile.open(bundle) as tar:
            tar.extractall(self.stack.folder / "export")
        self.assertEqual(self.stack.verify(self.stack.folder / "export").returncode, 0, "a folder verifies as its tar")

    def test_a_stripped_or_changed_checkpoint_is_found(self):
        bundle = self.stack.export()
        folder = self.stack.folder / "cut"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        run("tar", "-xf", bundle, "-C", folder)
        note = (folder / "checkpoint").read_text()
        text, signatures = note.split("\n\n", 1)
        lines = text.split("\n")
        changed = {
            "no signature": text + "\n\n",
            "other size": "\n".join([lines[0], str(int(lines[1]) - 1), lines[2]]) + "\n\n" + signatures,
            "other root": "\n".join([lines[0], lines[1], "A" * 43 + "="]) + "\n\n" + signatures,
            "other origin": "\n".join(["evil.example/log", *lines[1:]]) + "\n\n" + signatures,
        }
        for name, content in changed.items():
            with self.subTest(name):
                (folder / "checkpoint").write_text(content)
                done = self.stack.verify(folder)
                self.assertIn(done.returncode, (1, 2), done.stdout + done.stderr)

    def test_the_application_role_alone_can_neither_read_nor_append(self):
        """An injected statement, outside of the contexts that the keeper signs."""
        for table in ("head", "entry", "outbox", "refused", "tile", "tenant", "checkpoint", "seen"):
            self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.audit_{table}", role="app"), "0", table)
        junk = ("select sanjeh.audit_append(h.id, {0}, sha256('')::bytea, {0} + 1, sha256('x'), sha256('x'), 0, h.id, '', "
                "array['x'::bytea], array[sha256('x')], '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 0, null) "
                "from (select '{1}'::uuid as id) as h").format(self.size(), self.stack.sql("select log_id from sanjeh.audit_head"))
        for sql in (junk, "select sanjeh.audit_checkpoint_put(1, 'x')", "select sanjeh.audit_outbox_refuse(gen_random_uuid(), 1)",
                    "select lo_create(0)", "select lo_from_bytea(0, 'x')"):
            done = self.stack.sql(sql, role="app", check=False)
            self.assertNotEqual(done.returncode, 0, sql)
            self.assertIn("permission denied" if "lo_" in sql else "scope RECORD", done.stderr, sql)

    def test_the_record_of_one_unit_verifies_alone(self):
        self.stack.client("hrd.manager").get("/api/v1/me")
        answer = self.stack.client("security.officer").post("/api/v1/audit/exports", {"unit": "HRD"})
        self.assertEqual(answer.status, 200, answer.body[:300])
        path = self.stack.folder / "hrd.unit"
        path.write_bytes(answer.body)
        tags = dict(row.split("|") for row in self.stack.sql("select code, audit_tag from sanjeh.unit").splitlines())
        self.assertIn(uuid.UUID(tags["HRD"]).bytes, answer.body)
        self.assertNotIn(uuid.UUID(tags["JDP"]).bytes, answer.body)
        done = self.stack.verify(path)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        path.write_bytes(answer.body[:-40] + bytes([answer.body[-40] ^ 1]) + answer.body[-39:])
        self.assertEqual(self.stack.verify(path).returncode, 1)
        path.write_bytes(answer.body[:-40])
        self.assertEqual(self.stack.verify(path).returncode, 2)
        path.unlink()
        refused = self.stack.client("security.officer").post("/api/v1/audit/exports", {"unit": "NONE"})
        self.assertEqual(problem(self, refused, 422)["code"], "INVALID")
        denied = self.stack.client("hrd.manager").post("/api/v1/audit/exports", {"unit": "HRD"})
        self.assertEqual(denied.status, 403)

    def test_an_older_checkpoint_is_consistent_with_a_newer_export(self):
        old = self.stack.export("old.tar")
        with tarfile.open(old) as tar:
            note = self.stack.folder / "old.note"
            note.write_bytes(tar.extractfile("checkpoint").read())
        self.stack.client("hrd.manager").get("/api/v1/me")
        done = self.stack.verify(self.stack.export(), "--since", note)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.stack.verify(self.stack.export(), "--max-age", "3600")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_the_verifier_knows_usage_from_tampering(self):
        bundle = self.stack.export()
        for arguments in ((), (bundle,), (bundle, "--policy", "/nonexistent"), (bundle, "--no-such-option")):
            done = run(self.stack.build / "server/sanjeh-verify", *arguments, check=False)
            self.assertEqual(done.returncode, 3, (arguments, done.stderr))

    def test_another_logs_key_does_not_verify(self):
        bundle = self.stack.export()
        self.stack.instance("policy")
        policy = (self.stack.folder / "audit.policy").read_text()
        vkey = policy.split()[1]
        name = vkey.split("+", 1)[0]
        private = run("openssl", "genpkey", "-algorithm", "ed25519").stdout
        public = run("openssl", "pkey", "-pubout", "-outform", "PEM", stdin=private).stdout.splitlines()[1]
        other = bytes([1]) + base64.b64decode(public)[-32:]
        identity = hashlib.sha256(name.encode() + b"\n" + other).digest()[:4].hex()
        wrong = self.stack.folder / "wrong.policy"
        wrong.write_text(f"log {name}+{identity}+{base64.b64encode(other).decode()}\nquorum none\n")
        done = run(self.stack.build / "server/sanjeh-verify", bundle, "--policy", wrong, check=False)
        self.assertIn(done.returncode, (1, 2), done.stdout + done.stderr)

    def test_a_caller_gets_the_receipt_of_the_own_request_alone(self):
        hrd, sit = self.stack.client("hrd.manager"), self.stack.client("sit.manager")
        answer = hrd.get("/api/v1/me")
        path = f"/api/v1/audit/receipts/{answer.header('X-Request-Id')}"
        receipt = hrd.get(path)
        if receipt.status == 404 and receipt.json().get("code") == "NOT_FOUND" and \
                "GET /api/v1/audit/receipts/{request_id}" not in routes(self.stack):
            self.skipTest("this build has no receipts route")
        self.assertEqual(receipt.status, 200, receipt)
        self.assertEqual(receipt.json()["index"], int(answer.header("Audit-Index")))
        problem(self, sit.get(path), 404, "NOT_FOUND")

    def test_strangers_are_recorded_in_aggregate(self):
        before = self.size()
        stranger = self.stack.anonymous()
        for _ in range(200):
            stranger.get("/api/v1/judges")
        self.assertLess(self.size() - before, 20, "200 anonymous requests must not be 200 entries")
        # the aggregate itself is written when its minute is over
        deadline = time.time() + 75
        while time.time() < deadline:
            hit = self.stack.sql(f"select count(*) from sanjeh.audit_entry where idx >= {before} and position("
                                 "'anonymous'::bytea in entry) > 0")
            if int(hit) > 0:
                return
            time.sleep(2)
        self.fail("no aggregate of anonymous requests was written")

    def size(self):
        return int(self.stack.sql("select size from sanjeh.audit_head"))


def routes(stack):
    from stack import run
    return run(stack.build / "server/sanjehd", "--routes").stdout.splitlines()


if __name__ == "__main__":
    unittest.main()
