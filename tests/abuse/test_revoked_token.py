# SPDX-License-Identifier: Apache-2.0
"""Attack: a stolen token is used after its owner signed out, or is bent into something else."""

import unittest

from stack import SharedTest, problem


class RevokedToken(SharedTest):
    def test_a_token_is_dead_at_once_on_every_connection(self):
        token = self.stack.sign_in("sign.in14").json()["token"]
        open_connections = [self.stack.anonymous(token=token) for _ in range(12)]
        for client in open_connections:
            self.assertEqual(client.get("/api/v1/me").status, 200)
        self.assertEqual(self.stack.anonymous(token=token).post("/api/v1/logout").status, 204)
        for client in open_connections:
            problem(self, client.get("/api/v1/me"), 401, "UNAUTHENTICATED")

    def test_bent_tokens_are_refused(self):
        token = self.stack.client("hrd.manager").token
        flipped = token[:-2] + ("A" if token[-2] != "A" else "B") + token[-1]
        for bad in (flipped, token[:-1], token + "A", token.lower(), "", "null", "A" * 43, "." * 43, "eyJhbGciOiJub25lIn0.e30."):
            with self.subTest(bad[:12]):
                answer = self.stack.anonymous().get("/api/v1/me", headers={"Authorization": f"Bearer {bad}"})
                problem(self, answer, 401, "UNAUTHENTICATED")

    def test_other_schemes_are_refused(self):
        token = self.stack.client("hrd.manager").token
        for value in (f"Basic {token}", token, f"Bearer  {token} x", f"Token {token}"):
            answer = self.stack.anonymous().get("/api/v1/me", headers={"Authorization": value})
            self.assertEqual(answer.status, 401, (value[:10], answer))

    def test_a_token_in_the_query_is_not_looked_at(self):
        token = self.stack.client("hrd.manager").token
        answer = self.stack.anonymous().get(f"/api/v1/me?access_token={token}")
        self.assertIn(answer.status, (400, 401), answer)


if __name__ == "__main__":
    unittest.main()
