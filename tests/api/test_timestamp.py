# SPDX-License-Identifier: Apache-2.0
"""Tokens of time (RFC 3161): `openssl ts` is the authority behind a small HTTP responder of this test, and `openssl ts -verify` checks what
sanjehd kept."""

import base64
import http.server
import pathlib
import subprocess
import threading
import time
import unittest

from stack import Stack, free_port, run

CONFIG = """[tsa]
default_tsa = one
[one]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/ca.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
[tsa_ext]
extendedKeyUsage = critical,timeStamping
keyUsage = critical,digitalSignature
"""


class Authority(http.server.BaseHTTPRequestHandler):
    folder, mode, asked, media = None, "good", 0, None

    def log_message(self, *_):
        pass

    def do_POST(self):
        cls = type(self)
        cls.asked += 1
        cls.media = self.headers["Content-Type"]
        query = self.rfile.read(int(self.headers["Content-Length"]))
        if cls.mode == "replay" and (cls.folder / "reply").exists():
            reply = (cls.folder / "reply").read_bytes()
        elif cls.mode == "junk":
            reply = b"\x30\x03\x02\x01\x00"
        else:
            (cls.folder / "query").write_bytes(query)
            run("openssl", "ts", "-reply", "-config", cls.folder / "tsa.conf", "-queryfile", cls.folder / "query", "-out",
                cls.folder / "reply")
            reply = (cls.folder / "reply").read_bytes()
        self.send_response(200)
        self.send_header("Content-Type", "application/timestamp-reply")
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)


def make_authority(folder):
    folder.mkdir(parents=True)
    (folder / "serial").write_text("01\n")
    (folder / "tsa.conf").write_text(CONFIG.format(folder=folder))
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "ca.key", "-out",
        folder / "ca.pem", "-days", "30", "-subj", "/CN=stamp authority")
    run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", folder / "tsa.key", "-out",
        folder / "tsa.csr", "-subj", "/CN=stamp")
    run("openssl", "x509", "-req", "-in", folder / "tsa.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key", "-CAcreateserial",
        "-days", "30", "-extfile", folder / "tsa.conf", "-extensions", "tsa_ext", "-out", folder / "tsa.pem")


class Timestamps(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "security.officer"))
        cls.folder = Authority.folder = pathlib.Path(cls.stack.folder) / "stamp"
        make_authority(cls.folder)
        cls.server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), Authority)
        threading.Thread(target=cls.server.serve_forever, daemon=True).start()
        cls.stack.stop()
        cls.stack.env.update(SANJEH_TIMESTAMP_URL=f"http://127.0.0.1:{cls.server.server_address[1]}/stamp",
                             SANJEH_TIMESTAMP_CA_FILE=str(cls.folder / "ca.pem"), SANJEH_TIMESTAMP_INTERVAL_S="1")
        cls.stack.start()

    @classmethod
    def tearDownClass(cls):
        cls.server.shutdown()
        cls.server.server_close()
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

    def test_1_tokens_are_kept_and_hold_for_openssl(self):
        self.wait_for(lambda: self.metric("sanjehd_timestamp_tokens_total") >= 2)
        self.assertEqual(Authority.media, "application/timestamp-query")
        row = self.stack.sql("select encode(note, 'base64') || '|' || encode(token, 'base64') || '|' || taken_s from sanjeh.audit_timestamp "
                             "order by taken_s limit 1").replace("\n", "")
        note, token, taken = row.split("|")
        (self.folder / "note").write_bytes(base64.b64decode(note))
        (self.folder / "token").write_bytes(base64.b64decode(token))
        run("openssl", "ts", "-verify", "-data", self.folder / "note", "-in", self.folder / "token", "-CAfile", self.folder / "ca.pem")
        self.assertLess(abs(int(taken) - time.time()), 60)
        (self.folder / "note").write_bytes(base64.b64decode(note) + b"x")
        done = subprocess.run(["openssl", "ts", "-verify", "-data", self.folder / "note", "-in", self.folder / "token", "-CAfile",
                               self.folder / "ca.pem"], capture_output=True)
        self.assertNotEqual(done.returncode, 0)

    def test_1b_attack_09_entries_are_dated_by_the_tokens(self):
        """The verifier holds entries' times against the authority's; with another authority's file nothing is vouched for."""
        self.wait_for(lambda: self.metric("sanjehd_timestamp_tokens_total") >= 2)
        bundle = self.stack.export("stamped.tar")
        done = self.stack.verify(bundle, "--tsa-ca", self.folder / "ca.pem", "--json")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        done = self.stack.verify(bundle, "--tsa-ca", self.stack.ca_file, "--json")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("token of time", done.stdout)
        self.assertEqual(self.stack.verify(bundle, "--tsa-ca", "/nowhere").returncode, 3)

    def test_2_answers_that_do_not_hold_are_not_kept(self):
        """An old answer again (another nonce, another note), and bytes that are none."""
        self.wait_for(lambda: self.metric("sanjehd_timestamp_tokens_total") >= 1)
        for mode in ("replay", "junk"):
            with self.subTest(mode):
                Authority.mode = mode
                time.sleep(0.3)  # one that was under way
                failures = self.metric("sanjehd_timestamp_failures_total")
                self.wait_for(lambda: self.metric("sanjehd_timestamp_failures_total") >= failures + 1)
                kept = int(self.stack.sql("select count(*) from sanjeh.audit_timestamp"))
                self.wait_for(lambda: self.metric("sanjehd_timestamp_failures_total") >= failures + 2)
                self.assertEqual(int(self.stack.sql("select count(*) from sanjeh.audit_timestamp")), kept)
        Authority.mode = "good"

    def test_3_another_authority_is_nobody(self):
        self.stack.stop()
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.folder / "other.key",
            "-out", self.folder / "other.pem", "-days", "30", "-subj", "/CN=stamp authority")
        self.stack.env["SANJEH_TIMESTAMP_CA_FILE"] = str(self.folder / "other.pem")
        self.stack.start()
        self.wait_for(lambda: self.metric("sanjehd_timestamp_failures_total") >= 1)
        self.assertEqual(self.metric("sanjehd_timestamp_tokens_total"), 0)
