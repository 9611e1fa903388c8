# SPDX-License-Identifier: Apache-2.0
"""Can a database superuser rewrite, shorten or roll back the record unnoticed (I2)? Every attack has its own undo, so
that each starts from a record that verifies."""

import json
import shutil
import time
import unittest

from stack import Stack, run


class Tampering(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "security.officer", "sit.manager"))
        cls.stack.is_tampered = True
        other = cls.stack.client("sit.manager")
        for _ in range(5):
            other.get("/api/v1/me")
        client = cls.stack.client("hrd.manager")
        for _ in range(300):
            client.get("/api/v1/me")
        cls.stack.sql("create schema kept; create table kept.entry as select * from sanjeh.audit_entry")

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def setUp(self):
        self.size = int(self.stack.sql("select size from sanjeh.audit_head"))
        self.stack.sql("drop table kept.entry; create table kept.entry as select * from sanjeh.audit_entry")

    def attack(self, sql):
        """Does it as superuser past every trigger, exports, verifies, undoes; (exit code, report)."""
        self.stack.sql(f"set session_replication_role = replica; {sql}")
        try:
            bundle = self.stack.export()
        finally:
            self.stack.sql("set session_replication_role = replica; begin;"
                           "delete from sanjeh.audit_entry e using kept.entry k where e.idx = k.idx;"
                           "insert into sanjeh.audit_entry select * from kept.entry; commit;")
        done = self.stack.verify(bundle, "--json")
        return done.returncode, json.loads(done.stdout)

    def assert_named(self, report, low, high=None):
        high = low if high is None else high
        index = next((report[key] for key in ("bad_index", "index", "first_bad_index") if report.get(key) is not None), None)
        self.assertIsNotNone(index, report)
        self.assertTrue(low <= index <= high, report)
        self.assertTrue(report.get("cause"), report)

    def test_untouched_verifies(self):
        code, report = self.attack("select 1")
        self.assertEqual(code, 0, report)

    def test_an_edited_byte_is_found(self):
        for index in (0, self.size // 2, self.size - 1):
            with self.subTest(index):
                code, report = self.attack("update sanjeh.audit_entry set entry = set_byte(entry, 40, get_byte(entry, 40) # 1) "
                                           f"where idx = {index}")
                self.assertEqual(code, 1, report)
                self.assert_named(report, index)

    def test_an_edit_with_its_leaf_hash_is_found(self):
        index = self.size // 3
        code, report = self.attack("update sanjeh.audit_entry set entry = set_byte(entry, 40, get_byte(entry, 40) # 1) "
                                   f"where idx = {index}; update sanjeh.audit_entry set leaf_hash = sha256('\\x00'::bytea || entry) "
                                   f"where idx = {index}")
        self.assertEqual(code, 1, report)
        self.assertIsNotNone(report.get("cause"), report)

    def test_a_deleted_row_is_found(self):
        for index in (0, self.size // 2, self.size - 1):
            with self.subTest(index):
                code, report = self.attack(f"delete from sanjeh.audit_entry where idx = {index}")
                self.assertIn(code, (1, 2), report)
                self.assert_named(report, index)

    def test_swapped_rows_are_found(self):
        first, second = self.size // 2, self.size // 2 + 1
        code, report = self.attack(f"update sanjeh.audit_entry set idx = -1 where idx = {first};"
                                   f"update sanjeh.audit_entry set idx = {first} where idx = {second};"
                                   f"update sanjeh.audit_entry set idx = {second} where idx = -1")
        self.assertEqual(code, 1, report)
        self.assert_named(report, first, second)

    def test_a_cut_tail_is_found(self):
        code, report = self.attack(f"delete from sanjeh.audit_entry where idx >= {self.size - 50}")
        self.assertIn(code, (1, 2), report)
        self.assert_named(report, self.size - 50)

    def test_an_emptied_table_is_found(self):
        code, report = self.attack("truncate sanjeh.audit_entry")
        self.assertIn(code, (1, 2), report)
        self.assert_named(report, 0)

    def test_an_edited_tile_is_found(self):
        flip = "update sanjeh.audit_tile set hashes = set_byte(hashes, 100, get_byte(hashes, 100) # 1) where level = 0 and n = 0"
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.audit_tile where level = 0 and n = 0"), "1")
        code, report = self.attack(flip)
        self.stack.sql(f"set session_replication_role = replica; {flip}")
        self.assertEqual(code, 1, report)
        self.assertIsNotNone(report.get("cause"), report)

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

    def test_an_old_checkpoint_is_stale(self):
        bundle = self.stack.export()
        time.sleep(2.1)
        done = self.stack.verify(bundle, "--max-age", "1")
        self.assertEqual(done.returncode, 2, done.stdout + done.stderr)

    # ---- the named detector, and nothing else ----

    def heard(self):
        """What every other detector has said so far."""
        lines = self.stack.anonymous().get("/metrics").body.decode().splitlines()
        names = ("sanjehd_alarms_raised_total", "sanjehd_scrub_findings", "sanjehd_witness_conflicts_total")
        return {line.rsplit(" ", 1)[0]: line.rsplit(" ", 1)[1] for line in lines if line.startswith(names)}

    def unit_record(self, unit):
        answer = self.stack.client("security.officer").post("/api/v1/audit/exports", {"unit": unit})
        self.assertEqual(answer.status, 200, answer)
        path = self.stack.folder / f"{unit}.unit"
        path.write_bytes(answer.body)
        return self.stack.verify(path).returncode

    def alone(self, sql, undo, damaged, neighbours):
        """While rows are as the attack left them: they and no others are refused, one finding is the verifier's, nobody else speaks."""
        before = self.heard()
        self.stack.sql(f"set session_replication_role = replica; {sql}")
        try:
            shown = {index: self.read(index).status for index in (*damaged, *neighbours)}
            proofs = {self.stack.client("security.officer").get(f"/api/v1/audit/proof/{index}").status for index in neighbours}
            other = self.unit_record("SIT")
            ready = self.stack.anonymous().get("/readyz").status
            bundle = self.stack.export()
        finally:
            self.stack.sql(f"set session_replication_role = replica; {undo}")
        self.assertEqual(shown, {index: 500 for index in damaged} | {index: 200 for index in neighbours})
        self.assertEqual((proofs, other, ready), ({200}, 0, 200))
        done = self.stack.verify(bundle, "--json")
        report = json.loads(done.stdout)
        self.assertEqual(done.returncode, 1, report)
        self.assert_named(report, min(damaged))
        self.assertNotIn("besides", report["cause"])
        self.assertEqual(self.heard(), before)
        self.assertEqual(self.stack.verify(self.stack.export()).returncode, 0, "the undoing was none")

    def test_attack_01_of_a_row_is_told_by_its_detectors_alone(self):
        place = self.size // 2
        back = (f"delete from sanjeh.audit_entry where idx = {place};"
                f"insert into sanjeh.audit_entry select * from kept.entry where idx = {place}")
        for sql in (f"delete from sanjeh.audit_entry where idx = {place}",
                    f"update sanjeh.audit_entry set entry = set_byte(entry, 150, get_byte(entry, 150) # 1) where idx = {place}",
                    f"update sanjeh.audit_entry set entry = set_byte(entry, 150, get_byte(entry, 150) # 1), leaf_hash = "
                    f"sha256('\\x00'::bytea || set_byte(entry, 150, get_byte(entry, 150) # 1)) where idx = {place}"):
            with self.subTest(sql):
                self.alone(sql, back, (place,), (0, place - 1, place + 1, self.size - 1))

    def test_attack_02_of_swapped_rows_is_told_by_its_detectors_alone(self):
        first, second = self.size // 2, self.size // 2 + 1
        swap = (f"update sanjeh.audit_entry set idx = -1 where idx = {first};"
                f"update sanjeh.audit_entry set idx = {first} where idx = {second};"
                f"update sanjeh.audit_entry set idx = {second} where idx = -1")
        self.alone(swap, swap, (first, second), (0, first - 1, second + 1, self.size - 1))

    # ---- while the server runs ----

    def read(self, index):
        return self.stack.client("security.officer").get(f"/api/v1/audit/entries/{index}")

    def test_an_edited_entry_is_not_shown(self):
        flip = ("update sanjeh.audit_entry set entry = set_byte(entry, 120, get_byte(entry, 120) # 1){} where idx = {}")
        leaf = ", leaf_hash = sha256('\\x00'::bytea || set_byte(entry, 120, get_byte(entry, 120) # 1))"
        for index in (3, self.size - 1):
            for with_leaf in ("", leaf):
                with self.subTest(index=index, with_leaf=bool(with_leaf)):
                    self.assertEqual(self.read(index).status, 200)
                    sql = "set session_replication_role = replica; " + flip.format(with_leaf, index)
                    self.stack.sql(sql)
                    answer = self.read(index)
                    self.stack.sql(sql)
                    self.assertEqual(answer.status, 500, answer)
                    self.assertEqual(answer.json()["code"], "LOG_TAMPERED", answer)
                    self.assertNotIn("action", answer.json())
                    self.assertIn("audit.entry.contradicted", self.stack.log())
                    self.assertEqual(self.read(index).status, 200)

    def test_a_deleted_or_swapped_entry_is_not_shown(self):
        for sql, index in (("delete from sanjeh.audit_entry where idx = 4", 4),
                           ("update sanjeh.audit_entry set idx = -1 where idx = 4; update sanjeh.audit_entry set idx = 4 where "
                            "idx = 5; update sanjeh.audit_entry set idx = 5 where idx = -1", 5)):
            with self.subTest(sql):
                self.stack.sql(f"set session_replication_role = replica; {sql}")
                answer = self.read(index)
                self.stack.sql("set session_replication_role = replica; begin; delete from sanjeh.audit_entry where idx in (4, 5);"
                               "insert into sanjeh.audit_entry select * from kept.entry where idx in (4, 5); commit;")
                self.assertEqual((answer.status, answer.json()["code"]), (500, "LOG_TAMPERED"), answer)
                self.assertEqual(self.read(index).status, 200)
        self.assertEqual(self.read(10**9).status, 404)

    def test_the_application_role_alone_can_neither_read_nor_append(self):
        for table in ("head", "entry", "outbox", "refused", "tile", "tenant", "checkpoint", "seen"):
            self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.audit_{table}", role="app"), "0", table)
        junk = ("select sanjeh.audit_append(h.id, {0}, sha256('')::bytea, {0} + 1, sha256('x'), sha256('x'), 0, h.id, '', "
                "array['x'::bytea], array[sha256('x')], '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', '{{}}', 0, null) "
                "from (select '{1}'::uuid as id) as h").format(self.size, self.stack.sql("select log_id from sanjeh.audit_head"))
        for sql in (junk, "select sanjeh.audit_checkpoint_put(1, 'x')", "select sanjeh.audit_outbox_refuse(gen_random_uuid(), 1)",
                    "select lo_create(0)", "select lo_from_bytea(0, 'x')"):
            done = self.stack.sql(sql, role="app", check=False)
            self.assertNotEqual(done.returncode, 0, sql)
            self.assertIn("permission denied" if "lo_" in sql else "scope RECORD", done.stderr, sql)


class Rollback(unittest.TestCase):
    """One instance for all: each test begins with its database, keys and recorder as they were when it had been made."""

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own()
        cls.stack.is_tampered = True
        try:
            cls.stack.client("hrd.manager").get("/api/v1/me")
            cls.stack.stop()
            cls.base = cls.stack.folder / "base"
            cls.base.mkdir()
            cls.places = {"data": cls.stack.folder / "pg/data", "keys": cls.stack.folder / "keys"}
            for name, place in cls.places.items():
                run("cp", "-a", "--reflink=auto", place, cls.base / name)
        except BaseException:
            cls.stack.destroy()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def setUp(self):
        self.stack.stop()
        for name in self.places:
            self.put_back(name)
        self.stack.forget_sessions()
        self.said = len(self.stack.log())

    def put_back(self, name):
        run("rm", "-rf", self.places[name])
        run("cp", "-a", "--reflink=auto", self.base / name, self.places[name])

    def refuse(self, code):
        """The server must not start, and must say why."""
        before = len(self.stack.log())
        done = self.stack.start(check=False)
        self.assertNotEqual(done.returncode, 0, "it started on a record that was rolled back")
        said = self.stack.log()[before:]
        self.assertRegex(said, code, said[-3000:])

    def older(self, with_recorder):
        """The database, and with it the recorder, as they were 20 requests ago."""
        self.stack.start()
        client = self.stack.client("hrd.manager")
        for _ in range(20):
            self.assertEqual(client.get("/api/v1/me").status, 200)
        self.stack.stop()
        self.put_back("data")
        if with_recorder:
            run("cp", "-a", self.base / "keys/recorder", self.places["keys"] / "recorder")

    def test_attack_6_an_older_database_is_refused(self):
        self.older(with_recorder=True)
        self.refuse("LOG_ROLLED_BACK")

    def test_attack_6_what_an_older_database_lost_is_put_back_from_the_recorder(self):
        self.older(with_recorder=False)
        self.stack.start()
        self.stack.forget_sessions()
        self.assertIn("audit.tail.put_back", self.stack.log()[self.said:])
        self.assertEqual(self.stack.verify(self.stack.export()).returncode, 0)

    def test_a_cut_record_is_refused(self):
        self.stack.cluster("start")
        self.stack.sql("set session_replication_role = replica; delete from sanjeh.audit_entry where idx >= "
                       "(select size - 1 from sanjeh.audit_head)")
        self.refuse("LOG_TAMPERED|LOG_ROLLED_BACK")

    def test_a_rewritten_head_is_refused(self):
        self.stack.cluster("start")
        self.stack.sql("set session_replication_role = replica; update sanjeh.audit_head set root = sha256('forged'::bytea)")
        self.refuse("LOG_TAMPERED")

    def test_a_lost_signer_state_is_refused(self):
        for path in (self.stack.folder / "keys/signer").iterdir():
            path.unlink()
        self.refuse("LOG_TAMPERED|LOG_ROLLED_BACK|signer")

    def test_a_forged_outbox_draft_is_not_sequenced(self):
        self.stack.cluster("start")
        self.stack.sql("insert into sanjeh.audit_outbox (emitter, seq, draft, mac) "
                       "values (gen_random_uuid(), 1, '\\x0102'::bytea, sha256('no key'::bytea))")
        self.stack.start()
        self.stack.forget_sessions()
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.audit_outbox"), "0")
        self.assertEqual(self.stack.sql("select count(*) from sanjeh.audit_refused"), "1")
        self.assertEqual(self.stack.verify(self.stack.export()).returncode, 0)

    def test_attack_11_a_draft_that_is_put_back_is_not_sequenced_again(self):
        stack = self.stack
        stack.start()
        stack.sql("create schema kept; create table kept.outbox as select * from sanjeh.audit_outbox with no data;"
                  "create function kept.keep() returns trigger language plpgsql security definer as $$ begin "
                  "insert into kept.outbox select old.*; return old; end $$;"
                  "create trigger keep before delete on sanjeh.audit_outbox for each row execute function kept.keep();")
        client = stack.client("hrd.manager")
        answer = client.post("/api/v1/courts", {"code": "REPLAY-1", "name_fa": "دادگاه آزمون", "name_en": "Court of replay"})
        self.assertIn(answer.status, (201, 403), answer)
        stack.stop()
        stack.start()
        stack.forget_sessions()
        stack.cluster("start", check=False)
        deadline = time.time() + 15
        kept = -1
        while kept != int(stack.sql("select count(*) from kept.outbox")) and time.time() < deadline:
            kept = int(stack.sql("select count(*) from kept.outbox"))
            time.sleep(2)  # what a start writes by itself
        self.assertGreater(kept, 0)
        accesses = "select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = 1"
        before = stack.sql(accesses)
        stack.sql("drop trigger keep on sanjeh.audit_outbox; insert into sanjeh.audit_outbox select * from kept.outbox")
        deadline = time.time() + 10
        while time.time() < deadline and stack.sql("select count(*) from sanjeh.audit_outbox") != "0":
            time.sleep(0.2)
        self.assertEqual(int(stack.sql("select count(*) from sanjeh.audit_refused")), kept)
        self.assertEqual(stack.sql(accesses), before)
        self.assertIn("a replay", stack.log()[self.said:])
        self.assertEqual(stack.verify(stack.export()).returncode, 0)


if __name__ == "__main__":
    unittest.main()
