# SPDX-License-Identifier: Apache-2.0
"""Attack 24 (AUDIT 4.1): payloads are erased; the record still verifies, other payloads stay, and what was erased cannot be guessed from its
commitment. An erasure that nobody recorded is named by the verifier."""

import hashlib
import json
import pathlib
import re
import sys
import time
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "api"))

from approval_case import approve, ask  # noqa: E402
from stack import Stack, run  # noqa: E402

LOG = "00000000-0000-4000-8000-00000000000a"  # whatever: the parameters bind
SEARCH = "/api/v1/audit/entries?reason="


class Erasure(unittest.TestCase):
    officers = 0

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own()
        cls.officer = cls.stack.client("security.officer")
        cls.indices = [cls.search(f"look%20into%20case%20{number}") for number in range(4)]

    @classmethod
    def tearDownClass(cls):
        cls.stack.destroy()

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
        made = ask(self.stack, "security.officer", "log:erase", LOG, {options[0].lstrip("-"): options[1]})
        self.assertEqual(made.status, 201, made)
        type(self).officers += 1
        other = f"officer.no{self.officers}"
        self.stack.add_accounts({other: ("-", "-", "security-officer", "مسئول دیگر")})
        self.assertEqual(approve(self.stack, other, made).json()["state"], "approved")
        return self.command(*options, "--approval", made.json()["id"])

    def command(self, *options):
        return run(self.stack.build / "server/sanjeh", "audit", "erase", "--config", self.stack.folder / "sanjehd.conf", *options,
                   check=False)

    def verified(self):
        time.sleep(2.5)  # the sweeper brings the entry of the erasure
        self.officer.get("/api/v1/me")
        done = self.stack.verify(self.stack.export(), "--json")
        return done.returncode, json.loads(done.stdout)

    def test_attack_24_erasure_then_verify(self):
        first, second, third, fourth = self.indices
        kept = bytes.fromhex(self.payload(first))
        commit, salted = self.entry(first)[173:205], kept[36:]
        self.assertEqual(hashlib.sha256(b"\x02" + salted).digest(), commit,
                         "the commitment is over salt and payload")
        self.assertEqual(self.erase("--indices", f"{first},{third}", "--dry-run").returncode, 0)
        self.assertTrue(self.payload(first))
        done = self.erase("--indices", f"{first},{third}")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("next: vacuum", done.stderr)
        self.assertEqual((self.payload(first), self.payload(third)), ("", ""))
        self.assertTrue(self.payload(second) and self.payload(fourth), "one erasure leaves others")
        code, report = self.verified()
        self.assertEqual(code, 0, report)
        # who knows the payload to the byte, but not the salt, cannot show that it was this one
        self.assertNotIn(commit, {hashlib.sha256(b"\x02" + guess + salted[32:]).digest()
                                  for guess in (b"", bytes(32), self.entry(first)[114:130], hashlib.sha256(salted[32:]).digest())})
        dump = self.stack.sql("select encode(content, 'hex') from sanjeh.audit_payload union all "
                              "select encode(payload, 'hex') from sanjeh.audit_outbox where payload is not null")
        self.assertNotIn(salted[:32].hex(), dump)
        ranges = f"{first},{third}" if third != first + 1 else f"{first}-{third}"
        size = int(self.stack.sql("select size from sanjeh.audit_head"))
        details = [self.officer.get(f"/api/v1/audit/entries/{index}").json() for index in range(fourth + 1, size)]
        self.assertEqual([entry["detail"] for entry in details if entry["kind"] == "erase"], [f"what=payload;count=2;indices={ranges}"])
        self.assertEqual(self.erase("--indices", f"{first}").returncode, 0)
        self.assertRegex(self.erase("--indices", f"{first}").stderr, re.compile("^0 payloads"))

    def test_attack_24_wrong_requests_erase_nothing(self):
        before = self.stack.sql("select count(*) from sanjeh.audit_payload")
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
        self.assertEqual(int(self.stack.sql("select count(*) from sanjeh.audit_payload")), int(before) - 1)


if __name__ == "__main__":
    unittest.main()
