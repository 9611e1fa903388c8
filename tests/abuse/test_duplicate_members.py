# SPDX-License-Identifier: Apache-2.0
"""Attack: JSON that two parsers read differently (duplicate and unknown members, odd numbers, nesting, encodings)."""

import unittest

from stack import SharedTest, problem


class DuplicateMembers(SharedTest):
    def post(self, body, path="/api/v1/judges"):
        return self.stack.client("hrd.manager").request("POST", path, body=body, headers={"Content-Type": "application/json"})

    def test_a_member_twice_is_refused_whichever_comes_first(self):
        for body in (b'{"personnel_number":"A-1","personnel_number":"A-1","name":"x"}',
                     b'{"personnel_number":"A-1","name":"x","name":"y"}',
                     b'{"personnel_number":"A-1","name":"x","n\\u0061me":"y"}'):
            with self.subTest(body):
                problem(self, self.post(body), 400, "DUPLICATE_MEMBER")

    def test_a_sign_in_with_two_user_names_is_refused(self):
        answer = self.stack.anonymous().request(
            "POST", "/api/v1/login", body=b'{"username":"hrd.manager","username":"admin.one","password":"x"}',
            headers={"Content-Type": "application/json"})
        problem(self, answer, 400, "DUPLICATE_MEMBER")

    def test_what_is_not_json_is_refused(self):
        for body in (b"{'name':'x'}", b'{"name":"x",}', b'{"name":NaN}', b'\xef\xbb\xbf{"name":"x"}', b'{"name":"x"} {}',
                     b'{"name":"\\ud800"}', b'{"name":"a\\u0000b","personnel_number":"A-1"}', b"null", b'"text"',
                     "{\"name\":\"x\"}".encode("utf-16")):
            with self.subTest(body[:20]):
                answer = self.post(body)
                self.assertIn(answer.status, (400, 422), answer)
                problem(self, answer, answer.status)

    def test_deep_nesting_is_refused(self):
        for depth in (33, 1000, 100_000):
            body = b'{"name":' + b"[" * depth + b"]" * depth + b"}"
            with self.subTest(depth):
                answer = self.post(body)
                self.assertIn(answer.status, (400, 413), answer)


if __name__ == "__main__":
    unittest.main()
