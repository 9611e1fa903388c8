# SPDX-License-Identifier: Apache-2.0
"""Does acknowledged work survive kill -9 of the server and a power cut of PostgreSQL, under load (I8)?

Writers send about 200 writes a second; the server or the database is killed at a random moment, alternating. Then every
acknowledged write must be there with its entry, every judge that is there must have an entry, and the record must
verify. 3 rounds; 20 with SANJEH_LONG=1."""

import random
import threading
import time
import unittest

from stack import LONG, Stack

ROUNDS = 20 if LONG else 3
WRITERS = 8
# Judges of whose registration no entry speaks.
SILENT = """with named as (select entry from sanjeh.audit_entry where position('judge:create'::bytea in entry) > 0)
select j.id from sanjeh.judge j where not exists (select from named n where position(uuid_send(j.id) in n.entry) > 0)"""
WRITES_PER_SECOND = 200


class Writer(threading.Thread):
    def __init__(self, stack, token, number, stop):
        super().__init__(daemon=True)
        self.client = stack.anonymous(token=token, timeout=10)
        self.number = number
        self.stop = stop
        self.acknowledged = []  # (id, audit index)
        self.sent = 0
        self.unexpected = []

    def run(self):
        interval = WRITERS / WRITES_PER_SECOND
        due = time.monotonic()
        while not self.stop.is_set():
            due += interval
            time.sleep(max(0.0, due - time.monotonic()))
            self.sent += 1
            body = {"personnel_number": f"C{self.number}-{self.sent}", "name": f"قاضی {self.sent}"}
            try:
                answer = self.client.post("/api/v1/judges", body)
            except OSError:
                self.client.close()
                continue
            except Exception:  # http.client's own: the connection was cut in the middle of an answer
                self.client.close()
                continue
            if answer.status == 201:
                self.acknowledged.append((answer.json()["id"], int(answer.header("Audit-Index"))))
            elif answer.status != 503:
                self.unexpected.append(answer)
        self.client.close()


class Crash(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.token = cls.stack.client("hrd.manager").token

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def load_until_killed(self, round_number, kill):
        stop = threading.Event()
        writers = [Writer(self.stack, self.token, f"{round_number}-{number}", stop) for number in range(WRITERS)]
        started = time.monotonic()
        for writer in writers:
            writer.start()
        time.sleep(random.uniform(0.8, 2.0))
        rate = sum(writer.sent for writer in writers) / (time.monotonic() - started)
        kill()
        time.sleep(0.3)
        stop.set()
        for writer in writers:
            writer.join(15)
        acknowledged = [pair for writer in writers for pair in writer.acknowledged]
        unexpected = [answer for writer in writers for answer in writer.unexpected]
        self.assertEqual(unexpected, [])
        self.assertGreater(len(acknowledged), 20, "there was no load to speak of")
        return acknowledged, rate

    def check(self, acknowledged):
        stored = set(self.stack.sql("select id from sanjeh.judge").split())
        lost = [pair for pair in acknowledged if pair[0] not in stored]
        self.assertEqual(lost, [], "acknowledged writes are gone")
        pairs = ",".join(f"('{identity}'::uuid, {index})" for identity, index in acknowledged)
        wrong = self.stack.sql(f"select a.id, a.idx from (values {pairs}) as a (id, idx) left join sanjeh.audit_entry e "
                               "on e.idx = a.idx and position(uuid_send(a.id) in e.entry) > 0 where e.idx is null")
        self.assertEqual(wrong, "", "acknowledged writes have no entry at their index")
        deadline = time.time() + 40  # a running server sweeps what others or a lost connection left in the outbox
        while (silent := self.stack.sql(SILENT)) and time.time() < deadline:
            time.sleep(0.2)
        self.assertEqual(silent, "", "judges were written without an entry")
        done = self.stack.verify(self.stack.export())
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_acknowledged_writes_survive(self):
        everything = []
        for number in range(ROUNDS):
            with self.subTest(round=number):
                if number % 2 == 0:
                    kill = self.stack.kill9
                else:
                    def kill():
                        self.stack.cluster("stop", "--immediate")
                acknowledged, rate = self.load_until_killed(number, kill)
                everything += acknowledged
                if number % 2 == 0:
                    self.stack.start()
                else:
                    self.stack.cluster("start")
                    self.wait_ready()
                self.check(everything)
                print(f"round {number}: {len(acknowledged)} acknowledged, {rate:.0f} writes/s sent", flush=True)

    def wait_ready(self):
        """After a restart of the database alone the same server serves again by itself, or, when it had to end, starts."""
        if not self.stack.is_alive():
            self.stack.start()
        self.stack.wait_ready()


if __name__ == "__main__":
    unittest.main()
