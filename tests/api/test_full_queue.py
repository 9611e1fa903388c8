# SPDX-License-Identifier: Apache-2.0
"""More requests wait for the record than may: are the others told so at once, and does nobody get an answer without its entry?"""

import subprocess
import threading
import time
import unittest

from stack import PSQL, Stack, problem

QUEUE = 16
ASKING = 60
HELD_S = 5


class FullQueue(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(env={"SANJEH_AUDIT_QUEUE_MAX": str(QUEUE), "SANJEH_AUDIT_DEADLINE_MS": "30000"})

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def reads(self):
        return int(self.stack.sql("select count(*) from sanjeh.audit_entry where position('judge:list'::bytea in entry) > 0"))

    def test_who_finds_no_place_is_told_to_come_back(self):
        token = self.stack.client("hrd.manager").token
        clients = [self.stack.anonymous(token=token, timeout=60) for _ in range(ASKING)]
        for client in clients:
            self.assertEqual(client.get("/healthz").status, 200)
        before, answers = self.reads(), [None] * ASKING

        def ask(number):
            started = time.monotonic()
            answers[number] = clients[number].get("/api/v1/judges"), time.monotonic() - started

        holder = subprocess.Popen([PSQL, "-X", "-q", "-d", self.stack.dsn(), "-c",
                                   "begin; lock table sanjeh.audit_head in access exclusive mode;", "-c", f"select pg_sleep({HELD_S}); commit"],
                                  stdout=subprocess.DEVNULL)
        while self.stack.sql("select count(*) from pg_locks where relation = 'sanjeh.audit_head'::regclass and mode = 'AccessExclusiveLock' "
                             "and granted") == "0":
            self.assertIsNone(holder.poll())
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(ASKING)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(holder.wait(), 0)
        given = [answer for answer, _ in answers if answer.status == 200]
        refused = [(answer, took) for answer, took in answers if answer.status != 200]
        self.assertGreaterEqual(len(given), QUEUE)
        self.assertGreater(len(refused), 0)
        for answer, took in refused:
            document = problem(self, answer, 503)
            self.assertRegex(answer.header("Retry-After") or "", "^[0-9]+$", document)
            self.assertIsNone(answer.header("Audit-Index"))
            self.assertNotIn(b"items", answer.body)
            self.assertLess(took, HELD_S, "it waited for the record all the same")
        self.assertEqual(self.reads() - before, len(given))
        self.stack.wait_ready()
        self.assertEqual(self.stack.verify(self.stack.export()).returncode, 0)


if __name__ == "__main__":
    unittest.main()
