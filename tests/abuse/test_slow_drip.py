# SPDX-License-Identifier: Apache-2.0
"""Attack: a client that sends one byte every few seconds to hold connections for ever. The stack runs with short deadlines
(head 4 s, body 6 s); with SANJEH_LONG=1 a stack of its own proves the contract's 30 s and 60 s."""

import time
import unittest

from stack import LONG, SharedTest, Stack
from wire import Wire


def drip(wire, data, interval, at_most):
    """Sends byte by byte; seconds until the server closed or answered, None when it never did."""
    started = time.monotonic()
    wire.socket.settimeout(interval)
    for byte in data:
        try:
            wire.send(bytes([byte]))
        except OSError:
            return time.monotonic() - started
        try:
            piece = wire.socket.recv(65536)
            wire.received += piece
            return time.monotonic() - started
        except TimeoutError:
            pass
        except OSError:
            return time.monotonic() - started
        if time.monotonic() - started > at_most:
            return None
    return None


class SlowDrip(SharedTest):
    def check(self, stack, interval, head_s, body_s):
        with Wire(stack) as wire:
            head = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Drip: " + b"z" * 1000
            took = drip(wire, head, interval, head_s * 2 + 5)
            self.assertIsNotNone(took, "the head was dripped past its deadline")
            self.assertLess(took, head_s + 3)
        with Wire(stack) as wire:
            wire.send("POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      "Content-Length: 1000\r\n\r\n")
            took = drip(wire, b"{" + b" " * 998, interval, body_s * 2 + 5)
            self.assertIsNotNone(took, "the body was dripped past its deadline")
            self.assertLess(took, body_s + 3)

    def test_a_drip_is_cut_at_the_deadline_and_others_are_served(self):
        drips = [Wire(self.stack).__enter__() for _ in range(50)]
        for wire in drips:
            wire.send("GET /healthz HT")
        started = time.monotonic()
        self.assertEqual(self.stack.client("hrd.manager").get("/api/v1/me").status, 200)
        self.assertLess(time.monotonic() - started, 2)
        self.check(self.stack, 0.5, 4, 6)
        for wire in drips:
            wire.socket.settimeout(5)
            self.assertNotIn(b" 200 ", wire.read_to_end())
            wire.socket.close()

    def test_an_open_handshake_is_cut(self):
        import socket
        with socket.create_connection(("127.0.0.1", self.stack.port), timeout=70) as plain:
            started = time.monotonic()
            plain.sendall(b"\x16\x03\x01")
            try:
                self.assertEqual(plain.recv(100)[:1] not in (b"H",), True)
                while plain.recv(100):
                    pass
            except ConnectionResetError:
                pass
            self.assertLess(time.monotonic() - started, 65)

    @unittest.skipUnless(LONG, "needs 100 s; SANJEH_LONG=1")
    def test_the_contracts_deadlines(self):
        stack = Stack.own()
        self.addCleanup(stack.destroy)
        self.check(stack, 5, 30, 60)


if __name__ == "__main__":
    unittest.main()
