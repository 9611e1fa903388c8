# SPDX-License-Identifier: Apache-2.0
"""Attack: a TOTP code that was seen (over a shoulder, by malware) is used a second time, later or in a race."""

import threading
import unittest

from sanjeh_client import this_step, totp
from stack import SharedTest, problem


class CodeReplay(SharedTest):
    def challenge(self, username):
        answer = self.stack.anonymous().post("/api/v1/login", {
            "username": username, "password": self.stack.accounts[username]["password"]})
        self.assertEqual(answer.status, 200, answer)
        return answer.json()["challenge"]

    def second(self, challenge, code):
        return self.stack.anonymous().post("/api/v1/login/second-factor",
                                           {"challenge": challenge, "method": "totp", "code": code})

    def test_a_code_works_once(self):
        code = self.stack.book("sign.in9").next_code()
        self.assertEqual(self.second(self.challenge("sign.in9"), code).status, 200)
        problem(self, self.second(self.challenge("sign.in9"), code), 401, "LOGIN_FAILED")

    def test_an_older_code_is_refused_after_a_newer(self):
        account = self.stack.accounts["sign.in10"]
        step = this_step()
        newer = self.second(self.challenge("sign.in10"), totp(account["totp_secret"], step))
        self.assertEqual(newer.status, 200, newer)
        problem(self, self.second(self.challenge("sign.in10"), totp(account["totp_secret"], step - 1)), 401, "LOGIN_FAILED")

    def test_twenty_at_once_with_one_code_give_one_session(self):
        challenges = [self.challenge("sign.in11") for _ in range(20)]
        code = self.stack.book("sign.in11").next_code()
        statuses, barrier = [], threading.Barrier(len(challenges))

        def attempt(challenge):
            barrier.wait()
            statuses.append(self.second(challenge, code).status)
        threads = [threading.Thread(target=attempt, args=(challenge,)) for challenge in challenges]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(statuses.count(200), 1, statuses)
        self.assertLessEqual(set(statuses), {200, 401, 429})

    def test_a_challenge_works_once(self):
        challenge = self.challenge("sign.in12")
        book = self.stack.book("sign.in12")
        self.assertEqual(self.second(challenge, book.next_code()).status, 200)
        problem(self, self.second(challenge, book.next_code()), 401, "LOGIN_FAILED")


if __name__ == "__main__":
    unittest.main()
