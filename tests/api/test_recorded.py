# SPDX-License-Identifier: Apache-2.0
"""Whatever any test of this run asked a server: does each answer that it was given stand in that server's record (AUDIT 4.1, attack 22)?
test_coverage.py walks over all routes with what is refused; here are the answers that succeed, of real work. Each stack looks for its own
when it ends (on_record.py), the shared one's are looked for here; and what is left over tells which routes no test has seen succeed. Runs last."""

import re
import unittest

import on_record
from stack import SharedTest, run

HEALTH = {"/healthz", "/readyz"}
STREAMED = {"GET /api/v1/audit/tail"}  # over a connection of its own: test_audit_tail.py
MODULES_LEAST = 30  # so many leave answers in a whole run


class Recorded(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.answers = on_record.kept(cls.stack.answers)
        cls.others = sorted(on_record.folder_of(cls.stack.build).glob("*"))

    def test_attack_22_each_answer_that_the_shared_server_gave_has_its_entry(self):
        self.assertEqual(list(on_record.faults(self.stack, self.answers)), [])

    def test_what_has_no_entry_is_health_or_has_no_session(self):
        bare = [answer for answer in self.answers if answer.index == "-" and answer.session != "-" and answer.status != "401" and
                answer.path not in HEALTH]
        self.assertEqual(bare, [])

    def test_every_route_was_seen_to_succeed(self):
        if len(self.others) < MODULES_LEAST:
            self.skipTest("not a whole run: of few modules")
        answers = self.answers + [answer for file in self.others for answer in on_record.kept(file)]
        succeeded = {(answer.method, answer.path) for answer in answers if answer.status[0] == "2"}
        never = []
        for line in run(self.stack.build / "server/sanjehd", "--routes").stdout.splitlines():
            method, path, *_ = line.split()
            pattern = re.compile("/".join(".+" if part.endswith("*}") else "[^/]+" if part.startswith("{") else re.escape(part)
                                          for part in path.split("/")))
            if not any(method == verb and pattern.fullmatch(at) for verb, at in succeeded):
                never.append(f"{method} {path}")
        self.assertEqual(set(never), STREAMED)


if __name__ == "__main__":
    unittest.main()
