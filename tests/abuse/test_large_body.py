# SPDX-License-Identifier: Apache-2.0
"""Attack: bodies far over the limit, announced or not, to exhaust memory or disk."""

import unittest

from stack import SharedTest, problem
from wire import Wire


class LargeBody(SharedTest):
    def test_ten_megabytes_are_refused(self):
        client = self.stack.client("hrd.manager")
        body = b'{"kind":"roster","period":"1404","format":"csv","data":"' + b"x" * 10_000_000 + b'"}'
        for path in ("/api/v1/contributions", "/api/v1/judges", "/api/v1/login"):
            with self.subTest(path):
                answer = client.request("POST", path, body=body, headers={"Content-Type": "application/json"})
                problem(self, answer, 413, "BODY_TOO_LARGE")
                client.close()
        self.assertEqual(client.get("/api/v1/me").status, 200)

    def test_an_announced_exabyte_is_refused_before_it_comes(self):
        for length in ("9999999999", "18446744073709551615", "99999999999999999999999"):
            with self.subTest(length), Wire(self.stack) as wire:
                wire.send(f"POST /api/v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                          f"Content-Length: {length}\r\n\r\n{{")
                self.assertIn(wire.status(), (400, 413), length)

    def test_a_head_that_never_ends_is_cut(self):
        with Wire(self.stack) as wire:
            wire.send("GET /healthz HTTP/1.1\r\nHost: localhost\r\n")
            try:
                for number in range(4000):
                    wire.send(f"X-Filler-{number}: {'y' * 200}\r\n")
            except OSError:
                pass
            self.assertIn(wire.status(), (400, 413, 431, None))
        self.assertEqual(self.stack.anonymous().get("/healthz").status, 200)

    def test_a_long_target_is_refused(self):
        with Wire(self.stack) as wire:
            wire.send(f"GET /{'a' * 60_000} HTTP/1.1\r\nHost: localhost\r\n\r\n")
            self.assertIn(wire.status(), (400, 404, 414, 431, None))
        self.assertEqual(self.stack.anonymous().get("/healthz").status, 200)


if __name__ == "__main__":
    unittest.main()
