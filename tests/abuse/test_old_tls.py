# SPDX-License-Identifier: Apache-2.0
"""Attack: a client that insists on an old TLS version, a weak suite, renegotiation, or plain HTTP."""

import socket
import ssl
import subprocess
import time
import unittest

from stack import SharedTest, free_port, run


class OldTls(SharedTest):
    @classmethod
    def setUpClass(cls):
        """Beside the server under test a careless one, to prove that a refusal is the server's and not the client's."""
        super().setUpClass()
        cls.careless_port = free_port()
        certs = cls.stack.folder / "certs"
        cls.careless = subprocess.Popen(
            ["openssl", "s_server", "-accept", str(cls.careless_port), "-cert", certs / "server.pem", "-key", certs / "server.key",
             "-cipher", "ALL:@SECLEVEL=0", "-min_protocol", "TLSv1", "-www", "-quiet"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(100):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", cls.careless_port)) == 0:
                    return
            time.sleep(0.05)

    @classmethod
    def tearDownClass(cls):
        cls.careless.kill()
        cls.careless.wait()
        super().tearDownClass()

    def connect(self, *options, port=None):
        done = run("openssl", "s_client", "-connect", f"127.0.0.1:{port or self.stack.port}", "-servername", "localhost", "-CAfile",
                   self.stack.ca_file, *options, check=False, timeout=20)
        return done.returncode, done.stdout + done.stderr

    def assert_refused(self, *options):
        code, text = self.connect(*options, port=self.careless_port)
        self.assertEqual(code, 0, f"the client itself cannot do {options}: {text[-600:]}")
        code, text = self.connect(*options)
        self.assertNotEqual(code, 0, text[-600:])
        self.assertIn("Cipher is (NONE)", text)

    def test_tls_below_1_2_is_refused(self):
        for option in ("-tls1_1", "-tls1"):
            with self.subTest(option):
                self.assert_refused(option, "-cipher", "ALL:@SECLEVEL=0")

    def test_tls_1_3_works_and_speaks_http_1_1_only(self):
        code, text = self.connect("-tls1_3", "-alpn", "h2,http/1.1", "-verify_return_error")
        self.assertEqual(code, 0, text)
        self.assertIn("Verify return code: 0 (ok)", text)
        self.assertNotIn("ALPN protocol: h2", text)

    def test_weak_suites_and_finite_field_groups_are_refused(self):
        for options in (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"), ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"),
                        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-CCM"), ("-tls1_3", "-groups", "ffdhe3072"),
                        ("-tls1_3", "-groups", "ffdhe2048"), ("-tls1_3", "-groups", "X448")):
            with self.subTest(options):
                self.assert_refused(*options)

    def test_plain_http_gets_no_data(self):
        with socket.create_connection(("127.0.0.1", self.stack.port), timeout=10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            try:
                answer = plain.recv(4096)
            except ConnectionResetError:
                answer = b""
        self.assertNotIn(b"200", answer)

    def test_the_server_goes_on(self):
        context = ssl.create_default_context(cafile=str(self.stack.ca_file))
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        with socket.create_connection(("127.0.0.1", self.stack.port), timeout=10) as plain:
            with context.wrap_socket(plain, server_hostname="localhost") as tls:
                self.assertEqual(tls.version(), "TLSv1.3")


if __name__ == "__main__":
    unittest.main()
