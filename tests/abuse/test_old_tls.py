# SPDX-License-Identifier: Apache-2.0
"""Attack: a client that insists on an old TLS version, a weak suite, renegotiation, or plain HTTP."""

import socket
import ssl
import unittest

from stack import SharedTest, run


class OldTls(SharedTest):
    def connect(self, *options):
        done = run("openssl", "s_client", "-connect", f"127.0.0.1:{self.stack.port}", "-servername", "localhost", "-CAfile",
                   self.stack.ca_file, *options, check=False, timeout=20)
        return done.returncode, done.stdout + done.stderr

    def test_tls_below_1_2_is_refused_by_the_server(self):
        for option in ("-tls1_1", "-tls1"):
            with self.subTest(option):
                code, text = self.connect(option, "-cipher", "ALL:@SECLEVEL=0")
                self.assertNotEqual(code, 0)
                self.assertIn("alert protocol version", text, "the refusal must be the server's, not the client's")

    def test_tls_1_3_works_and_speaks_http_1_1_only(self):
        code, text = self.connect("-tls1_3", "-alpn", "h2,http/1.1", "-verify_return_error")
        self.assertEqual(code, 0, text)
        self.assertIn("Verify return code: 0 (ok)", text)
        self.assertNotIn("ALPN protocol: h2", text)

    def test_weak_suites_and_finite_field_groups_are_refused(self):
        for options in (("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"), ("-tls1_2", "-cipher", "AES128-GCM-SHA256"),
                        ("-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA"), ("-tls1_3", "-groups", "ffdhe3072"),
                        ("-tls1_3", "-groups", "ffdhe2048")):
            with self.subTest(options):
                code, text = self.connect(*options)
                self.assertNotEqual(code, 0, text[-500:])
                self.assertIn("alert", text)

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
