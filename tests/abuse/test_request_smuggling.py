# SPDX-License-Identifier: Apache-2.0
"""Attack: one byte stream that two readers cut into different requests."""

import unittest

from stack import SharedTest
from wire import Wire

SECOND = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
POST = "POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
CASES = {
    "two lengths": POST + "Content-Length: 2\r\nContent-Length: 47\r\n\r\n{}" + SECOND,
    "two equal lengths": POST + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
    "list of lengths": POST + "Content-Length: 2, 2\r\n\r\n{}" + SECOND,
    "TE and CL": POST + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND,
    "CL and TE": POST + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "TE alone": POST + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n" + SECOND,
    "TE gzip, chunked": POST + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + SECOND,
    "TE identity": POST + "Transfer-Encoding: identity\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
    "space before colon": POST + "Transfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" + SECOND,
    "folded": POST + "X: a\r\n Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n{}" + SECOND,
    "plus sign": POST + "Content-Length: +2\r\n\r\n{}" + SECOND,
    "hex": POST + "Content-Length: 0x2\r\n\r\n{}" + SECOND,
    "negative": POST + "Content-Length: -1\r\n\r\n{}" + SECOND,
    "body on GET": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nContent-Length: 47\r\n\r\n" + SECOND,
    "two hosts": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nHost: evil\r\n\r\n" + SECOND,
    "no host": "GET /healthz HTTP/1.1\r\n\r\n" + SECOND,
    "HTTP/1.0": "GET /healthz HTTP/1.0\r\nHost: localhost\r\nConnection: keep-alive\r\n\r\n" + SECOND,
    "HTTP/2.0": "GET /healthz HTTP/2.0\r\nHost: localhost\r\n\r\n" + SECOND,
    "upgrade": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n" + SECOND,
    "odd header name": "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX(y): z\r\n\r\n" + SECOND,
    "TRACE": "TRACE /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n",
    "CONNECT": "CONNECT localhost:443 HTTP/1.1\r\nHost: localhost\r\n\r\n",
}


class RequestSmuggling(SharedTest):
    def test_ambiguous_framing_is_refused_and_the_connection_closed(self):
        for name, stream in CASES.items():
            with self.subTest(name), Wire(self.stack) as wire:
                wire.send(stream)
                received = wire.read_to_end()
                self.assertLessEqual(received.count(b"HTTP/1.1 "), 1, f"two answers: {received[:600]!r}")
                if received:
                    self.assertRegex(received, rb"^HTTP/1\.1 (400|405|411|413|501|505) ")
                    self.assertIn(b"connection: close", received.lower())

    def test_the_server_goes_on(self):
        self.assertEqual(self.stack.client("hrd.manager").get("/api/v1/me").status, 200)


if __name__ == "__main__":
    unittest.main()
