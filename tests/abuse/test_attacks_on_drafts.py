# SPDX-License-Identifier: Apache-2.0
"""What has no place in the record yet, and what stands beside it, is attacked under a running server (AUDIT 4.1, attacks 10, 11, 25 and 26): drafts
in the outbox deleted, altered, put back and planted; the recorder replaced while it is open."""

import contextlib
import subprocess
import sys
import pathlib
import threading
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from panel import Panel, wait_for  # noqa: E402
from stack import PSQL  # noqa: E402

HOLD = "begin; select 1 from sanjeh.audit_head for update; select pg_sleep(600)"
WHILE_HELD = {"audit.head.unreadable", "audit.sweep.failed", "audit.late.failed"}  # what the server's log says when that takes long
DEED = "from sanjeh.audit_outbox where position('judge:create'::bytea in draft) > 0"
ALTER = DEED.replace("from", "update").replace("where", "set draft = set_byte(draft, 60, get_byte(draft, 60) # 1) where")
HELD = "select pid from pg_stat_activity where query like '%pg_sleep(600)%' and state = 'active' and wait_event = 'PgSleep'"


class Drafts(unittest.TestCase):
    maxDiff = None
    made = 0

    @classmethod
    def setUpClass(cls):
        cls.panel = Panel.own(env={"SANJEH_AUDIT_DEADLINE_MS": "10000"})  # a deed waits for as long as the head is held
        cls.stack = cls.panel.stack
        try:
            for name in ("sit.manager", "hrd.manager"):
                for _ in range(5):
                    cls.stack.client(name).get("/api/v1/me")
            cls.stack.sql("create schema kept; create table kept.draft as table sanjeh.audit_outbox with no data")
        except BaseException:
            cls.panel.destroy()
            raise

    @classmethod
    def tearDownClass(cls):
        cls.panel.destroy()

    def setUp(self):
        self.assertEqual(self.panel.pin(), {}, "before the attack")

    @contextlib.contextmanager
    def held_head(self):
        """No batch can be committed: what is done meanwhile stands in the outbox alone."""
        process = subprocess.Popen([PSQL, "-X", "-q", "-d", self.stack.dsn(), *(part for sql in HOLD.split("; ") for part in ("-c", sql))],
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            wait_for(lambda: self.stack.sql(HELD), "the head is held")
            yield
        finally:
            self.stack.sql(f"select pg_terminate_backend(pid) from ({HELD}) h")
            process.wait(60)

    def deed(self):
        """A judge is entered into the register by another thread; (the thread, a list that gets the answer)."""
        type(self).made += 1
        answers = []
        client = self.stack.anonymous(token=self.stack.client("hrd.manager").token)

        def ask():
            with contextlib.suppress(OSError):
                answers.append(client.post("/api/v1/judges", {"personnel_number": f"DRAFT-{self.made}", "name": "قاضی آزمون"}))
        thread = threading.Thread(target=ask)
        thread.start()
        wait_for(lambda: self.stack.sql(f"select count(*) {DEED}") == "1", "the draft is in the outbox")
        self.stack.sql(f"insert into kept.draft select * {DEED}")
        return thread, answers

    def ask(self):
        found = self.panel.ask()
        log = [event for event in found.pop("log", []) if event not in WHILE_HELD]
        return {**found, "log": log} if log else found

    def entries_of_deeds(self):
        """Details of the entries of all judges that were entered."""
        return self.stack.sql("select encode(entry, 'escape') ~ 'recovered=outcome-unknown' from sanjeh.audit_entry where "
                              "substring(entry from 206 for 13) = '\\x0c' || 'judge:create'::bytea order by idx").split()

    # ---- 10 ----

    def test_attack_10_a_draft_deleted_under_the_server_is_in_its_memory(self):
        before = self.entries_of_deeds()
        with self.held_head():
            thread, answers = self.deed()
            self.panel.superuser(f"delete {DEED}")
        thread.join(60)
        self.assertEqual([answer.status for answer in answers], [201])
        self.assertEqual(self.entries_of_deeds(), [*before, "f"])
        self.assertEqual(self.ask(), {})

    def killed_in_between(self, sql):
        before = self.entries_of_deeds()
        with self.held_head():
            thread, answers = self.deed()
            self.panel.superuser(sql)
            self.stack.kill9()
            # a statement of the dead server may wait for the head: it must not get it
            wait_for(lambda: self.stack.sql("select count(*) from pg_stat_activity where usename = 'sanjeh_app'") == "0", "its sessions end")
        thread.join(60)
        self.assertNotIn(201, [answer.status for answer in answers])
        self.stack.start()
        self.assertEqual(self.entries_of_deeds(), [*before, "t"], "from the recorder")
        return self.ask()

    def test_attack_10_a_draft_deleted_before_kill_9_comes_from_the_recorder(self):
        self.assertEqual(self.killed_in_between(f"delete {DEED}"), {})

    def test_attack_10_a_draft_altered_before_kill_9_is_refused_and_comes_from_the_recorder(self):
        self.assertEqual(self.killed_in_between(ALTER),
                         {"refused": 1, "log": ["audit.outbox.refused"]})

    # ---- 11 and 26: what is put into the outbox ----

    def put_in(self, sql, count):
        deeds = "select count(*) from sanjeh.audit_entry where get_byte(entry, 73) = 1 and position('judge:'::bytea in entry) > 0"
        before = self.stack.sql(deeds)
        refused = self.panel.count_refused()
        self.panel.superuser(sql)
        wait_for(lambda: self.panel.count_refused() == refused + count, "the sweeper has refused them")
        self.assertEqual(self.ask(), {"refused": count, "log": ["audit.outbox.refused"]})
        self.assertEqual(self.stack.sql(deeds), before)

    def test_attack_11_drafts_that_are_put_back(self):
        """Of this process and, after the tests before, of those that were killed."""
        with self.held_head():
            thread, answers = self.deed()
        thread.join(60)
        self.assertEqual([answer.status for answer in answers], [201])
        self.panel.mark()
        kept = int(self.stack.sql("select count(*) from kept.draft"))
        self.put_in("insert into sanjeh.audit_outbox table kept.draft", kept)

    def test_attack_26_drafts_that_were_planted(self):
        with self.held_head():
            thread, _ = self.deed()
        thread.join(60)
        self.panel.mark()
        last = "from kept.draft order by put_at desc limit 1"
        self.put_in("insert into sanjeh.audit_outbox (emitter, seq, draft, mac) values (gen_random_uuid(), 1, '\\x0102'::bytea, sha256('x'));"
                    f"insert into sanjeh.audit_outbox (emitter, seq, draft, mac) select emitter, seq + 1000000, draft, mac {last};"
                    f"insert into sanjeh.audit_outbox (emitter, seq, draft, mac) select emitter, seq, set_byte(draft, 60, 7), mac {last}", 3)

    # ---- 25 ----

    def test_attack_25_the_recorder_replaced_while_it_is_open(self):
        """By a copy of the same bytes: what is written into the open file would be lost with it. Nobody is answered any more, and that is told."""
        path = self.stack.folder / "keys/recorder"
        away = path.with_name("recorder.away")
        self.panel.pin_stopped()
        path.rename(away)
        subprocess.run(["cp", "-p", away, path], check=True)
        client = self.stack.client("hrd.manager")
        for _ in range(2):
            client.close()
            answer = client.get("/api/v1/me")
            self.assertEqual((answer.status, answer.json()["code"]), (503, "RECORD_UNAVAILABLE"), answer)
        wait_for(lambda: self.panel.ready() == 503, "the readiness tells it")
        self.stack.kill9()
        away.rename(path)
        self.assertEqual(sorted(set(self.panel.said()[self.panel.events:])), ["audit.batch.failed", "audit.recorder.failed"])
        self.assertEqual(self.panel.rest(), {}, "those who are asked of the database miss nothing")
        self.assertIsNone(self.panel.refusal())
        self.panel.events = len(self.panel.said())
        self.assertEqual(self.ask(), {})


if __name__ == "__main__":
    unittest.main()
