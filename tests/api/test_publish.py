# SPDX-License-Identifier: Apache-2.0
"""The record shown to witnesses: sanjehd and two sanjeh-witness, checked by policy files and by what the witnesses remember."""

import json
import os
import tarfile
import time
import unittest

from alarm_case import told
from stack import Stack, problem, run
from tlog_case import Key, Witness


class Publishing(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.witnesses = []
        try:
            cls.stack = Stack.own(accounts=("hrd.manager", "security.officer", "admin.one"), before_start=cls.begin)
        except BaseException:
            for witness in cls.witnesses:
                witness.stop()
            raise

    @classmethod
    def begin(cls, stack):
        stack.instance("policy")
        vkey = (stack.folder / "audit.policy").read_text().split()[1]
        cls.origin = vkey.split("+")[0]
        folder = stack.folder / "witnesses"
        for name in ("w1.example", "w2.example"):
            witness = Witness(folder, stack.build, name, [vkey], stack.folder / "certs")
            cls.witnesses.append(witness.start())
        lines = "".join(f"witness {w.name} {w.vkey} {w.url}\n" for w in cls.witnesses)
        cls.trust = folder / "publish.policy"
        cls.trust.write_text(lines + "group both all w1.example w2.example\nquorum both\n")
        cls.policy = folder / "verify.policy"
        cls.policy.write_text(f"log {vkey}\n" + cls.trust.read_text())
        os.chmod(folder, 0o755)
        stack.env.update(SANJEH_PUBLISH_POLICY_FILE=str(cls.trust), SANJEH_PUBLISH_CA_FILE=str(stack.ca_file),
                         SANJEH_PUBLISH_INTERVAL_MS="200", SANJEH_PUBLISH_ALARM_S="1", SANJEH_PUBLISH_BLOCK_S="2")

    @classmethod
    def tearDownClass(cls):
        for witness in cls.witnesses:
            witness.stop()
        cls.stack.destroy()

    def metric(self, name):
        lines = self.stack.anonymous().get("/metrics").body.decode().splitlines()
        return int(next(line for line in lines if line.startswith(name + " ")).split()[1])

    def wait_for(self, what, seconds=60):
        deadline = time.time() + seconds
        while time.time() < deadline:
            if what():
                return
            time.sleep(0.1)
        self.fail("it did not happen in time\n" + self.stack.log()[-3000:])

    def verify(self, bundle, *options):
        done = run(self.stack.build / "server/sanjeh-verify", bundle, "--policy", self.policy, "--json", *options, check=False)
        return done.returncode, json.loads(done.stdout)

    def size_of(self, witness):
        status, body, _ = witness.copy(self.origin)
        return int(body.split(b"\n")[1]) if status == 200 else -1

    def test_1_the_newest_tree_is_cosigned_by_all_and_exported_so(self):
        self.wait_for(lambda: self.metric("sanjehd_witness_rounds_total") > 0)
        client = self.stack.client("hrd.manager")
        for _ in range(20):
            client.get("/api/v1/me")
        size = int(self.stack.sql("select size from sanjeh.audit_head"))
        self.wait_for(lambda: self.metric("sanjehd_witness_size") >= size)
        self.assertTrue(all(self.size_of(witness) >= size for witness in self.witnesses))
        note = self.stack.client("security.officer").get("/audit/checkpoint").body.decode()
        for witness in self.witnesses:
            self.assertIn(f"\n— {witness.name} ", note)
        bundle = self.stack.export("cosigned.tar")
        code, report = self.verify(bundle)
        self.assertEqual(code, 0, report)
        self.assertGreaterEqual(report["size"], size)
        with tarfile.open(bundle) as tar:
            policy = tar.extractfile("policy").read().decode()
        self.assertIn("quorum both", policy)
        # a receipt of an old entry leads to a cosigned tree
        proof = self.stack.client("security.officer").get("/api/v1/audit/proof/3").body.decode()
        self.assertIn(f"\n— {self.witnesses[0].name} ", proof)
        # one more witness is asked for than there is
        other = Key(self.stack.folder, "w3.example", 4)
        strict = self.stack.folder / "strict.policy"
        strict.write_text(self.policy.read_text().replace(
            "group both all w1.example w2.example", f"witness w3.example {other.vkey}\ngroup both all w1.example w2.example w3.example"))
        done = run(self.stack.build / "server/sanjeh-verify", bundle, "--policy", strict, check=False)
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("quorum", done.stdout)

    def token_file(self):
        path = self.stack.folder / "token"
        path.write_text(self.stack.client("security.officer").token + "\n")
        return path

    def test_1b_what_the_witnesses_have_seen_is_asked_for_by_the_verifier(self):
        self.wait_for(lambda: self.metric("sanjehd_witness_rounds_total") > 0)
        asked = ("--witnesses", "--ca", self.stack.ca_file)
        bundle = self.stack.export("asked.tar")
        size = self.verify(bundle)[1]["size"]
        self.wait_for(lambda: all(self.size_of(witness) > size for witness in self.witnesses))
        code, report = self.verify(bundle, *asked)  # the export itself made the log longer than the file
        self.assertEqual(code, 2, report)
        self.assertRegex(report["cause"], r"^stale: the log ends before the tree of size \d+ that witness w[12].example has seen")
        code, report = self.verify(bundle, *asked, "--max-age", "3600")
        self.assertEqual(code, 0, report)
        # the log where it lies, twice: the second time from where the first has stopped
        state = self.stack.folder / "check.state"
        live = (f"https://localhost:{self.stack.port}/audit", *asked, "--token-file", self.token_file(), "--state", state)
        code, report = self.verify(*live)
        self.assertEqual((code, report["resumed_from"]), (0, 0), report)
        checked = report["size"]
        self.wait_for(lambda: all(self.size_of(witness) > checked for witness in self.witnesses))
        code, report = self.verify(*live)
        self.assertEqual((code, report["resumed_from"]), (0, checked), report)
        self.assertGreater(report["size"], checked)
        # one of them by its address
        code, report = self.verify(bundle, "--since", self.witnesses[0].url, "--ca", self.stack.ca_file)
        self.assertEqual(code, 2, report)
        self.assertIn("has seen", report["cause"])

    def test_2_a_witness_that_is_silent_stops_nobody_but_is_told_and_then_blocks(self):
        self.wait_for(lambda: self.metric("sanjehd_witness_rounds_total") > 0)
        admin = self.stack.client("admin.one")
        client = self.stack.client("hrd.manager")
        place = "/api/v1/policy-domains/elsewhere"
        self.assertEqual(admin.request("PUT", place, json_body={}).status, 422)
        self.witnesses[1].stop()
        self.wait_for(lambda: self.metric("sanjehd_witness_lag_seconds") > 1)
        self.wait_for(lambda: "publish.lag" in self.stack.log())
        told(self, self.stack, "witness", "quorum=late")
        self.wait_for(lambda: self.metric("sanjehd_witness_lag_seconds") > 2)
        problem(self, admin.request("PUT", place, json_body={}), 503, "RECORD_UNWITNESSED")
        self.assertEqual(client.get("/api/v1/me").status, 200)
        self.witnesses[1].start()
        self.wait_for(lambda: self.metric("sanjehd_witness_lag_seconds") <= 1)
        self.assertEqual(admin.request("PUT", place, json_body={}).status, 422)


if __name__ == "__main__":
    unittest.main()
