# SPDX-License-Identifier: Apache-2.0
"""Two servers on one database: both answer audited reads and writes under load, one is killed. What was acknowledged is there with its
entry, the record verifies with the keys of both, and the survivor goes on. 12 s; a minute of rounds with SANJEH_LONG=1."""

import base64
import os
import threading
import time
import unittest

from second_case import Second, verify_both
from stack import LONG, Stack, run

ROUNDS = 8 if LONG else 1
LOAD_S = 2.0
THREADS = 3  # of each kind on each server


class Caller(threading.Thread):
    """Reads, or registers judges, one request after the other."""

    def __init__(self, client, stop, label=None):
        super().__init__(daemon=True)
        self.client = client
        self.stop = stop
        self.label = label
        self.entries = []  # (index, leaf, when)
        self.made = []
        self.unexpected = []

    def once(self, number):
        if self.label is None:
            return self.client.get("/api/v1/me")
        return self.client.post("/api/v1/judges", {"personnel_number": f"{self.label}-{number}", "name": f"قاضی {number}"})

    def run(self):
        number = 0
        while not self.stop.is_set():
            number += 1
            try:
                answer = self.once(number)
            except Exception:  # the server was killed in the middle of an answer
                self.client.close()
                time.sleep(0.05)
                continue
            if answer.status in (200, 201):
                self.entries.append((int(answer.header("Audit-Index")), answer.header("Audit-Leaf"), time.monotonic()))
                if answer.status == 201:
                    self.made.append(answer.json()["id"])
            elif answer.status != 503:
                self.unexpected.append(answer)
        self.client.close()


class TwoServers(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(env={"SANJEH_AUTHN_IDLE_S": "3600"})
        cls.second = Second(cls.stack, "b")
        cls.token = cls.stack.client("hrd.manager").token

    @classmethod
    def tearDownClass(cls):
        cls.second.stop()
        cls.stack.destroy()

    def callers(self, make_client, name, stop):
        found = [Caller(make_client(), stop) for _ in range(THREADS)]
        return found + [Caller(make_client(), stop, f"{name}{number}") for number in range(THREADS)]

    def first_client(self):
        return self.stack.anonymous(token=self.token, timeout=10)

    def second_client(self):
        return self.second.client(self.token)

    def load_and_kill(self, round_number):
        stop = threading.Event()
        ours = self.callers(self.first_client, f"A{round_number}-", stop)
        theirs = self.callers(self.second_client, f"B{round_number}-", stop)
        for caller in ours + theirs:
            caller.start()
        time.sleep(LOAD_S)
        self.assertIsNone(self.second.process.poll(), self.second.log()[-3000:])
        self.second.kill9()
        killed = time.monotonic()
        time.sleep(LOAD_S)
        stop.set()
        for caller in ours + theirs:
            caller.join(15)
        self.assertEqual([caller.unexpected for caller in ours + theirs if caller.unexpected], [])
        for caller in ours + theirs:
            self.assertGreater(len(caller.entries), 2, caller.label)
        after = [when for caller in ours for _, _, when in caller.entries if when > killed]
        self.assertGreater(len(after), 10, "the survivor does not go on")
        self.assertLess(min(after) - killed, 2.0)
        return ours + theirs

    def check_acknowledged(self, callers):
        entries = [(index, leaf) for caller in callers for index, leaf, _ in caller.entries]
        self.assertEqual(len({index for index, _ in entries}), len(entries), "a place was given twice")
        stored = dict(line.split("|") for line in self.stack.sql(
            "select idx, encode(leaf_hash, 'base64') from sanjeh.audit_entry").splitlines())
        wrong = [index for index, leaf in entries if stored.get(str(index)) != leaf]
        self.assertEqual(wrong, [], "acknowledged and not in the log")
        for index, leaf in entries[:3]:
            self.assertEqual(len(base64.b64decode(leaf)), 32, index)
        made = {judge for caller in callers for judge in caller.made}
        there = set(self.stack.sql("select id from sanjeh.judge").splitlines())
        self.assertLessEqual(made, there)

    def signers(self):
        """How many notes each server's key has signed, by key id."""
        count = {}
        for line in self.stack.sql(r"select convert_from(note, 'UTF8') from sanjeh.audit_checkpoint").splitlines():
            if line.startswith("\u2014 "):
                identity = base64.b64decode(line.split()[-1])[:4].hex()
                count[identity] = count.get(identity, 0) + 1
        return count

    def test_one_is_killed_under_load(self):
        for round_number in range(ROUNDS):
            self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])
            callers = self.load_and_kill(round_number)
            self.check_acknowledged(callers)
            done = verify_both(self.stack, self.second)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            signers = self.signers()
            first = (self.stack.folder / "audit.policy").read_text().split("+")[1]
            self.assertLessEqual({first, self.second.vkey().split("+")[1]}, set(signers))
        # the killed one follows what the survivor did, finishes what it had begun, and writes again
        self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])
        answer = self.second_client().get("/api/v1/me")
        self.assertEqual(answer.status, 200, answer)
        self.assertEqual(verify_both(self.stack, self.second).returncode, 0)
        # whichever of them signed the newest note, the command on either machine knows its key
        for conf in (self.stack.folder / "sanjehd.conf", self.second.conf):
            done = run(self.stack.build / "server/sanjeh", "audit", "scrub", "--config", conf, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)
        for server in (self.stack.log(), self.second.log()):
            self.assertNotIn("audit.log.contradicted", server)

    def test_what_ends_at_one_ends_at_the_other(self):
        self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])
        token = self.stack.sign_in("security.officer").json()["token"]
        there = self.second.client(token)
        self.assertEqual(there.get("/api/v1/me").status, 200)
        self.assertEqual(self.stack.anonymous(token=token).post("/api/v1/logout").status, 204)
        since = time.monotonic()
        while there.get("/api/v1/me").status != 401 and time.monotonic() < since + 3:
            time.sleep(0.01)
        self.assertLess(time.monotonic() - since, 1.0)

    def test_a_role_that_one_takes_away_is_gone_at_the_other(self):
        """Within a second, in the session that held it."""
        self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])
        self.stack.add_accounts({"admin.one": ("-", "-", "administrator", "راهبر"), "hrd.worker": ("HRD", "-", "unit-contributor", "کارمند")})
        admin, there = self.stack.client("admin.one"), self.second.client(self.stack.client("hrd.worker").token)
        self.assertEqual(there.get("/api/v1/judges").status, 200)
        (held,) = admin.items(f"/api/v1/assignments?account_id={self.stack.accounts['hrd.worker']['id']}")
        path = f"/api/v1/assignments/{held['id']}"
        self.assertEqual(admin.delete(path, headers={"If-Match": admin.get(path).header("ETag")}).status, 204)
        since = time.monotonic()
        while there.get("/api/v1/judges").status == 200 and time.monotonic() < since + 3:
            time.sleep(0.01)
        self.assertLess(time.monotonic() - since, 1.0)
        self.assertEqual(there.get("/api/v1/judges").status, 403)

    def test_a_server_that_lost_its_memory_does_not_start(self):
        self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])
        self.second.stop()
        state = self.second.folder / "signer/state"
        kept = state.read_bytes()
        state.unlink()
        before = len(self.second.log())
        self.assertEqual(self.second.start(), 4)
        self.assertIn("memory is missing", self.second.log()[before:])
        state.write_bytes(kept)
        owner = state.parent.stat()
        os.chown(state, owner.st_uid, owner.st_gid)
        self.assertEqual(self.second.start(), 0, self.second.log()[-3000:])


if __name__ == "__main__":
    unittest.main()
