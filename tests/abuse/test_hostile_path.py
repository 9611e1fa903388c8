# SPDX-License-Identifier: Apache-2.0
"""Attack: a NUL, dot segments, double encodings and other forms of a path that layers may read differently."""

import unittest

from stack import SharedTest
from wire import Wire

TARGETS = ("/api/v1/%00", "/api/v1/me%00x", "/api/v1/../v1/me", "/api/v1/%2e%2e/v1/me", "/api/v1/%2E%2E%2Fme", "/api/v1/./me",
           "//api/v1/me", "/api//v1/me", "/api/v1/me/", "/api/v1\\me", "/api/v1/%5c", "/api/v1/%", "/api/v1/%zz", "/api/v1/%c0%ae",
           "/api/v1/\x01me", "/api/v1/%0d%0aX: y", "https://localhost/api/v1/me", "*", "api/v1/me", "/api/v1/me;x=1",
           "/API/V1/ME", "/api/v1/%6de%2f")


class HostilePath(SharedTest):
    def test_odd_targets_never_reach_an_endpoint(self):
        token = self.stack.client("hrd.manager").token
        for target in TARGETS:
            with self.subTest(target), Wire(self.stack) as wire:
                wire.send(f"GET {target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nConnection: close\r\n\r\n")
                self.assertIn(wire.status(), (400, 404, 405, None), wire.received[:200])
                self.assertNotIn(b"hrd.manager", wire.read_to_end())

    def test_raw_nul_in_target_and_header(self):
        for data in (b"GET /api/v1/\0me HTTP/1.1\r\nHost: localhost\r\n\r\n",
                     b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-A: a\0b\r\n\r\n"):
            with self.subTest(data[:16]), Wire(self.stack) as wire:
                wire.send(data)
                self.assertIn(wire.status(), (400, 404, None), wire.received[:200])

    def test_the_server_goes_on(self):
        self.assertEqual(self.stack.client("hrd.manager").get("/api/v1/me").status, 200)


if __name__ == "__main__":
    unittest.main()
