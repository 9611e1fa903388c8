# SPDX-License-Identifier: Apache-2.0
"""sanjeh-witness over TLS, asked by a client that is written from the standard: codes, bodies, media, limits, and what it
remembers when it is killed."""

import os
import shutil
import signal
import tempfile
import threading
import unittest

from stack import run
from tlog_case import Key, Log, Witness, make_certs

ORIGIN = "log.example/audit"


class WitnessProgram(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.build = os.environ["SANJEH_BUILD"]
        cls.folder = tempfile.mkdtemp(prefix="sanjeh-witness-", dir=cls.build)
        cls.certs = make_certs(os.path.join(cls.folder, "certs"))
        cls.key = Key(cls.folder, ORIGIN)
        cls.log = Log(cls.key, [b"entry %d" % number for number in range(400)])
        cls.fork = Log(cls.key, [b"entry %d" % number if number < 100 else b"other %d" % number for number in range(400)])
        cls.count = 0

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder, ignore_errors=True)

    def witness(self):
        type(self).count += 1
        witness = Witness(self.folder, self.build, f"w{self.count}.example", [self.key.vkey], self.certs)
        self.addCleanup(witness.stop)
        return witness.start()

    def test_the_protocol(self):
        witness = self.witness()
        self.assertEqual(witness.copy(ORIGIN)[0], 404)
        status, body, headers = witness.add(self.log.request(0, 10))
        self.assertEqual(status, 200, body)
        self.assertTrue(body.decode().startswith(f"— {witness.name} ") and body.endswith(b"\n"), body)
        status, body, headers = witness.add(self.log.request(0, 20))
        self.assertEqual((status, body, headers["Content-Type"]), (409, b"10\n", "text/x.tlog.size"))
        for old, new in ((10, 10), (10, 64), (64, 257), (257, 399)):
            self.assertEqual(witness.add(self.log.request(old, new))[0], 200, (old, new))
        self.assertEqual(witness.add(self.log.request(399, 300))[0], 400)
        self.assertEqual(witness.add(self.fork.request(399, 400))[0], 422)
        self.assertEqual(witness.add("old 399\n\n" + self.log.checkpoint(400, "extension\n"))[0], 400)
        self.assertEqual(witness.add("old 399\n\n" + self.log.checkpoint(400).replace(ORIGIN, "unknown.example"))[0], 404)
        stranger = Log(Key(self.folder, ORIGIN, 4), self.log.entries)
        self.assertEqual(witness.add(stranger.request(399, 400))[0], 403)
        # the monitors' copy carries the log's line and the witness's
        status, body, headers = witness.copy(ORIGIN)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; charset=utf-8"))
        self.assertTrue(body.decode().startswith(self.log.text(399) + "\n"), body)
        self.assertEqual(body.decode().count("\n— "), 2)

    def test_a_copy_verifies_by_policy(self):
        """Line by line with another implementation of cosignatures: openssl over the bytes of the standard."""
        witness = self.witness()
        answer = witness.add(self.log.request(0, 7))[1].decode()
        import base64
        blob = base64.b64decode(answer.split(" ")[2])
        seconds = int.from_bytes(blob[4:12], "big")
        public = base64.b64decode(witness.vkey.split("+", 2)[2])[1:]
        folder = witness.folder
        (folder / "pub.der").write_bytes(bytes.fromhex("302a300506032b6570032100") + public)
        (folder / "sig").write_bytes(blob[12:])
        (folder / "text").write_text(f"cosignature/v1\ntime {seconds}\n{self.log.text(7)}")
        run("openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", folder / "pub.der", "-rawin",
            "-in", folder / "text", "-sigfile", folder / "sig")

    def test_other_methods_paths_and_sizes(self):
        witness = self.witness()
        self.assertEqual(witness.get("/add-checkpoint")[0], 405)
        self.assertEqual(witness.get("/nothing")[0], 404)
        self.assertEqual(witness.get("/" + "0" * 64 + "/checkpoint")[0], 404)
        self.assertEqual(witness.add(b"")[0], 400)
        self.assertEqual(witness.add(b"old 0\n\n" + b"x" * (200 * 1024))[0], 413)
        self.assertEqual(witness.add(self.log.request(0, 5), {"Content-Type": "application/octet-stream"})[0], 200)
        metrics = witness.get("/metrics")[1].decode()
        self.assertIn("sanjeh_witness_cosigned_total 1\n", metrics)

    def test_attack_04_a_killed_witness_remembers(self):
        witness = self.witness()
        self.assertEqual(witness.add(self.log.request(0, 200))[0], 200)
        witness.stop(signal.SIGKILL)
        witness.start()
        self.assertEqual(witness.add(self.fork.request(200, 300))[0], 422)
        status, body, _ = witness.add(self.log.request(100, 150))
        self.assertEqual((status, body), (409, b"200\n"))
        self.assertEqual(witness.add(self.log.request(200, 300))[0], 200)
        self.assertEqual(witness.stop(), 0)

    def test_attack_19_racing_publishers(self):
        witness = self.witness()
        self.assertEqual(witness.add(self.log.request(0, 10))[0], 200)
        requests = [self.log.request(10, size) for size in range(11, 21)]
        answers = [None] * len(requests)

        def send(number):
            answers[number] = witness.add(requests[number])[0]

        threads = [threading.Thread(target=send, args=(number,)) for number in range(len(requests))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answers), [200] + [409] * (len(requests) - 1))
        winner = 11 + answers.index(200)
        self.assertEqual(witness.add(self.log.request(0, 30))[1], b"%d\n" % winner)

    def test_a_new_key_of_the_log_is_taken_on_hangup(self):
        witness = self.witness()
        other = Log(Key(self.folder, "other.example"), self.log.entries)
        self.assertEqual(witness.add(other.request(0, 5))[0], 404)
        witness.trust([self.key.vkey, other.key.vkey])
        witness.process.send_signal(signal.SIGHUP)
        for _ in range(100):
            status = witness.add(other.request(0, 5))[0]
            if status != 404:
                break
        self.assertEqual(status, 200)

    def test_usage(self):
        witness = self.witness()
        program = witness.program
        self.assertEqual(run(program, "--help").stdout.split()[0], "usage:")
        self.assertEqual(run(program, check=False).returncode, 2)
        self.assertEqual(run(program, "--config", "/nowhere", check=False).returncode, 1)
        self.assertEqual(run(program, "--make-key", witness.folder / "key", "--name", "x", check=False).returncode, 2)
        again = run(program, "--config", witness.config, check=False)
        self.assertEqual(again.returncode, 1)
        self.assertIn("another witness", again.stderr)
        witness.stop()
        self.assertIn("usable", run(program, "--config", witness.config, "--check").stdout)
        state = next((witness.folder / "state").glob("lock"))
        self.assertTrue(state.exists())
        bad = witness.folder / "bad.conf"
        bad.write_text(witness.config.read_text() + "colour = red\n")
        self.assertEqual(run(program, "--config", bad, check=False).returncode, 2)
