# SPDX-License-Identifier: Apache-2.0
"""Attack: a stranger sends sign-ins by the thousand, malformed ones, to fill the record."""

import concurrent.futures
import time
import unittest

from stack import Stack, problem, recorded

BURST = 300
PER_SECOND = 2
WINDOW_S = 10
LINES = 8


class SignInFlood(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(("hrd.manager",))  # its own: afterwards this address has used up its attempts

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

    def record_size(self):
        return int(self.stack.sql("select count(*) from sanjeh.audit_entry"))

    def line(self, count):
        client = self.stack.anonymous()
        answers = [client.request("POST", ("/api/v1/login", "/api/v1/login/second-factor")[number % 2], body=b'{"username":',
                                  headers={"Content-Type": "application/json"}) for number in range(count)]
        client.close()
        return answers

    def flood(self, count):
        with concurrent.futures.ThreadPoolExecutor(LINES) as pool:
            return [answer for part in pool.map(self.line, [count // LINES] * LINES) for answer in part]

    def test_a_flood_adds_a_bounded_number_of_entries(self):
        signed_in = self.stack.client("hrd.manager")
        before = self.record_size()
        started = time.monotonic()
        answers = self.flood(1000)
        seconds = time.monotonic() - started + 1
        added = self.record_size() - before
        passed = [answer for answer in answers if answer.status != 429]
        refused = [answer for answer in answers if answer.status == 429]
        self.assertEqual({answer.status for answer in passed}, {400})
        self.assertLessEqual(len(passed), BURST + PER_SECOND * seconds)
        self.assertGreaterEqual(len(refused), 1000 - BURST - PER_SECOND * seconds)
        # each is on the record; what was looked at by itself, the refusals of ten seconds together
        own = {recorded(self, answer) for answer in passed}
        shared = {recorded(self, answer) for answer in refused}
        self.assertEqual(len(own), len(passed))
        self.assertLessEqual(len(shared), seconds // WINDOW_S + 1)
        self.assertFalse(own & shared)
        # sessions, starts and a minute's aggregate besides
        self.assertLessEqual(added, len(passed) + len(shared) + 10)
        self.check_leaf(refused[-1])
        document = problem(self, refused[0], 429, "TOO_MANY_REQUESTS")
        self.assertNotEqual(document["request_id"], refused[-1].json()["request_id"])
        self.assertGreaterEqual(int(refused[0].header("Retry-After")), 1)
        # who is signed in works on, and the door is not shut for good
        self.assertEqual(signed_in.get("/api/v1/me").status, 200)
        time.sleep(4)
        self.assertEqual(self.stack.sign_in("hrd.manager").status, 200)

    def check_leaf(self, answer):
        """The entry that the answer names is in the record, with this leaf, and is a refused sign-in."""
        index = int(answer.header("Audit-Index"))
        leaf = self.stack.sql("select encode(sha256('\\x00'::bytea || e.entry), 'base64') from sanjeh.audit_entry e "
                              f"where e.idx = {index}")
        self.assertEqual(leaf, answer.header("Audit-Leaf"))


if __name__ == "__main__":
    unittest.main()
