# SPDX-License-Identifier: Apache-2.0
"""Attack: one byte stream that two readers cut into different requests."""

import re
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
}


class RequestSmuggling(SharedTest):
    def test_ambiguous_framing_is_refused_and_the_connection_closed(self):
        for name, stream in CASES.items():
            with self.subTest(name), Wire(self.stack) as wire:
                wire.send(stream)
                received = wire.read_to_end()
                # libmicrohttpd repeats the head of its own error pages; every status line must be a refusal
                statuses = re.findall(rb"HTTP/1\.1 (\d+) ", received)
                self.assertLessEqual(set(statuses), {b"400", b"405", b"411", b"413", b"501", b"505"}, received[:600])
                self.assertNotIn(b"alive", received, "the second request was answered")
                if received:
                    self.assertIn(b"connection: close", received.lower())

    def test_trace_and_connect_are_refused(self):
        for line in ("TRACE /healthz", "CONNECT localhost:443", "BREW /healthz"):
            with self.subTest(line), Wire(self.stack) as wire:
                wire.send(f"{line} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
                self.assertIn(wire.status(), (400, 405, 501, None), wire.received[:200])

    def test_the_server_goes_on(self):
        self.assertEqual(self.stack.client("hrd.manager").get("/api/v1/me").status, 200)


if __name__ == "__main__":
    unittest.main()
