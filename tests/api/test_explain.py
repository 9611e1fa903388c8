# SPDX-License-Identifier: Apache-2.0
"""Who can see this, and why? Explanations, permissions of a person and readers of a file, held against what each account is in fact answered."""

import datetime
import json
import subprocess
import time
import uuid

from board_case import BoardTest
from stack import ACCOUNTS, EVALUATORS, JUDGES, problem

ASKER = "admin.one"
EXPLAIN = "/api/v1/policies/explain"


class Explain(BoardTest):
    def ask(self, account, action, by=ASKER, **more):
        return self.stack.client(by).post(EXPLAIN, {"account_id": self.account(account), "action": action, **more})

    def told(self, *args, **more):
        answer = self.ask(*args, **more)
        self.assertEqual(answer.status, 200, answer)
        return answer.json()

    def test_a_permit_names_its_rule_and_its_fields(self):
        got = self.told("hrd.manager", "judge:read", field="national_number")
        self.assertTrue(got["allowed"])
        self.assertEqual((got["reach"], got["unit"], got["field"]["readable"]), ("unit", "HRD", True))
        self.assertTrue(got["explanation"]["decision"])
        self.assertIn("national_number", got["explanation"]["fields"]["read"])
        self.assertRegex(got["explanation"]["policy"], "^default@[0-9]+ sha256:[0-9a-f]{64}$")
        self.assertRegex(got["explanation"]["assignments"], "^seq:[1-9][0-9]*$")
        held = {r["role"]: r["via"] for r in got["explanation"]["roles"]}
        self.assertRegex(held["unit-manager"], "^assignment:[0-9a-f-]{36}$")

    def test_a_refusal_says_what_would_allow_it(self):
        got = self.told("sit.analyst", "judge:create")
        self.assertFalse(got["allowed"])
        self.assertEqual(got["explanation"]["code"], "E_NO_PERMIT")
        self.assertIn([{"role": {"role": "unit-manager"}}], got["explanation"]["would_allow"])
        got = self.told("security.officer", "judge:read")
        self.assertEqual((got["explanation"]["code"], got["explanation"]["blocked"][0]["id"]), ("E_SEPARATION", "F2"))
        self.assertEqual(got["explanation"]["would_allow"], [])

    def test_the_refused_themselves_learn_a_code_and_an_id(self):
        document = problem(self, self.stack.client("sit.analyst").post("/api/v1/judges", {}), 403, "FORBIDDEN")
        self.assertNotIn("would_allow", json.dumps(document))
        for who in ("hrd.manager", "judge.one", "policy.author", "sit.analyst"):
            problem(self, self.ask("sit.analyst", "judge:read", by=who), 403, "FORBIDDEN")
            problem(self, self.stack.client(who).get(f"/api/v1/accounts/{self.account('sit.analyst')}/permissions"), 403, "FORBIDDEN")

    def test_each_explanation_is_recorded_with_whom_it_was_about(self):
        answer = self.ask("sit.analyst", "judge:read")
        entry = self.stack.client("security.officer").get(f"/api/v1/audit/entries/{answer.header('Audit-Index')}").json()
        said = json.dumps(entry)
        self.assertIn("policy:explain", said)
        self.assertIn(self.account("sit.analyst"), said)
        self.assertIn("asked=judge:read", said)

    def test_questions_about_nothing_are_refused_with_their_place(self):
        rows = [({"action": "judge:fly"}, "/action"), ({"account_id": str(uuid.uuid4())}, "/account_id"), ({"field": "shoe_size"}, "/field"),
                ({"object_type": "evaluation"}, "/object_id"), ({"object_type": "judge", "object_id": str(uuid.uuid4())}, "/object_type"),
                ({"object_type": "evaluation", "object_id": str(uuid.uuid4())}, "/object_id")]
        for more, pointer in rows:
            with self.subTest(pointer):
                body = {"account_id": self.account("sit.analyst"), "action": "judge:read", **more}
                document = problem(self, self.stack.client(ASKER).post(EXPLAIN, body), 422, "INVALID")
                self.assertEqual([f["pointer"] for f in document["errors"]], [pointer])
        self.assertEqual(self.stack.client(ASKER).post(EXPLAIN, {"account_id": self.account("sit.analyst"), "action": "judge:read", "why": 1}).status, 400)
        problem(self, self.stack.client(ASKER).get(f"/api/v1/accounts/{uuid.uuid4()}/permissions"), 404, "NOT_FOUND")
        problem(self, self.stack.client(ASKER).get(f"/api/v1/evaluations/{uuid.uuid4()}/readers"), 404, "NOT_FOUND")

    def test_permissions_of_a_person_are_what_he_may(self):
        _, evaluation = self.seated()
        got = self.stack.client(ASKER).get(f"/api/v1/accounts/{self.account('board.one')}/permissions").json()
        may = {p["action"]: p for p in got["permissions"]}
        self.assertEqual((got["roles"], got["status"]), (["evaluator"], "active"))
        self.assertIn({"evaluation_id": evaluation, "as": "chair"}, got["files"])
        self.assertEqual(may["evaluation:read"]["reach"], "file")
        self.assertNotIn("judge:create", may)
        for account, action, path in (("board.one", "account:list", "/api/v1/accounts"), ("hrd.manager", "judge:list", "/api/v1/judges"),
                                      ("sit.analyst", "judge:list", "/api/v1/judges"), ("admin.one", "account:list", "/api/v1/accounts"),
                                      ("security.officer", "judge:list", "/api/v1/judges")):
            listed = self.stack.client(ASKER).get(f"/api/v1/accounts/{self.account(account)}/permissions").json()["permissions"]
            permitted = action in [p["action"] for p in listed]
            self.assertEqual(self.stack.client(account).get(path).status, 200 if permitted else 403, (account, action))

    def test_an_assignment_that_has_not_begun_is_told_and_gives_nothing(self):
        name = "explain.later"
        if name not in self.stack.accounts:
            self.stack.add_accounts({name: ("HRD", "-", "unit-manager", "مدیر آزمون")})
            begins = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=2)
            made = self.stack.client(ASKER).post("/api/v1/assignments", {"account_id": self.account(name), "role": "process-owner",
                                                                         "valid_from": begins.strftime("%Y-%m-%dT%H:%M:%SZ")})
            self.assertEqual(made.status, 201, made)
        got = self.told(name, "board:create")
        self.assertFalse(got["allowed"])
        self.assertEqual([(g["role"], g["why"]) for g in got["explanation"]["not_counted"]], [("process-owner", "not begun")])
        self.assertIn([{"renew": {"role": "process-owner"}}], got["explanation"]["would_allow"])
        got = self.stack.client(ASKER).get(f"/api/v1/accounts/{self.account(name)}/permissions").json()
        self.assertIn("judge:list", [p["action"] for p in got["permissions"]])
        self.assertNotIn("board:create", [p["action"] for p in got["permissions"]])

    def readers(self, evaluation, by=ASKER):
        answer = self.stack.client(by).get(f"/api/v1/evaluations/{evaluation}/readers?limit=500")
        self.assertEqual(answer.status, 200, answer)
        return {r["account_id"]: r for r in answer.json()["items"]}

    def test_readers_of_a_file_are_those_who_are_shown_it(self):
        _, evaluation = self.seated()
        readers = self.readers(evaluation)
        self.assertEqual(readers[self.account("board.one")]["as"], ["chair"])
        self.assertEqual(readers[self.account("judge.one")]["as"], ["judge"])
        self.assertEqual(readers[self.account("hrd.manager")]["as"], ["owner"])
        self.assertEqual(readers[self.account("jdpe.manager")]["as"], ["issuer"])
        names = [*ACCOUNTS, *JUDGES, *EVALUATORS]  # others of the shared stack may be disabled
        shown = 0
        for name in names:
            answer = self.stack.client(name).get(f"/api/v1/evaluations/{evaluation}")
            reads = self.account(name) in readers
            shown += reads
            self.assertEqual(answer.status == 200, reads, f"{name}: {answer.status}, reader: {reads}")
            got = self.told(name, "evaluation:read", object_type="evaluation", object_id=evaluation)
            self.assertEqual(got["allowed"], reads, name)
        self.assertGreater(shown, 5)

    def test_the_judge_sees_the_opening_of_his_file(self):
        _, evaluation = self.seated()
        answer = self.stack.client(ASKER).get(f"/api/v1/evaluations/{evaluation}/readers")
        openings = self.judge.get(f"/api/v1/judges/{self.judge_id}/access-log").json()["items"]
        opening = next(o for o in openings if o["index"] == int(answer.header("Audit-Index")))
        self.assertEqual((opening["purpose"], opening["roles"]), ("oversight", ["administrator"]))

    def test_a_page_of_readers_goes_on(self):
        _, evaluation = self.seated()
        found, path = [], f"/api/v1/evaluations/{evaluation}/readers?limit=2"
        while path:
            page = self.stack.client(ASKER).get(path).json()
            found += [r["account_id"] for r in page["items"]]
            path = f"/api/v1/evaluations/{evaluation}/readers?limit=2&cursor={page['next']}" if page["next"] else None
        self.assertEqual(found, sorted(self.readers(evaluation)))

    def test_nobody_learns_here_who_judges_himself(self):
        """An administrator who is a judge asks about the file that is about himself."""
        _, evaluation = self.seated()
        name = "admin.judge"
        if name not in self.stack.accounts:
            self.stack.add_accounts({name: ("SIT", "-", "administrator", "راهبر قاضی", "HRD:HRD-0001", "person")})
        problem(self, self.stack.client(name).get(f"/api/v1/evaluations/{evaluation}/readers"), 403, "FORBIDDEN")
        problem(self, self.ask("board.one", "evaluation:read", by=name, object_type="evaluation", object_id=evaluation), 403, "FORBIDDEN")
        files = self.stack.client(name).get(f"/api/v1/accounts/{self.account('board.one')}/permissions").json()["files"]
        self.assertNotIn(evaluation, [f["evaluation_id"] for f in files])

    def test_what_changed_since_names_versions_and_assignments(self):
        client = self.stack.client(ASKER)
        got = client.get("/api/v1/policies/changes?since=2020-01-01T00:00:00Z&limit=500")
        self.assertEqual(got.status, 200, got)
        self.assertIn("default", [v["policy"] for v in got.json()["versions"]])
        self.assertIn(self.account("sit.analyst"), [a["account_id"] for a in got.json()["assignments"]])
        later = client.get("/api/v1/policies/changes?since=2100-01-01T00:00:00Z").json()
        self.assertEqual((later["versions"], later["assignments"], later["more_assignments"]), ([], [], False))
        self.assertEqual(later["seq"], got.json()["seq"])
        one = client.get("/api/v1/policies/changes?since=2020-01-01T00:00:00Z&limit=1").json()
        self.assertEqual((len(one["assignments"]), one["more_assignments"]), (1, True))
        for path in ("", "?since=yesterday", "?since=2020-01-01T00:00:00Z&x=1"):
            problem(self, client.get("/api/v1/policies/changes" + path), 400)
        problem(self, self.stack.client("sit.analyst").get("/api/v1/policies/changes?since=2020-01-01T00:00:00Z"), 403, "FORBIDDEN")

    @staticmethod
    def moment():
        """A moment between what was done before and what comes after."""
        time.sleep(0.02)
        now = datetime.datetime.now(datetime.timezone.utc)
        time.sleep(0.02)
        return now.isoformat(timespec="microseconds").replace("+00:00", "Z")

    def test_what_was_allowed_then_is_told_by_the_roles_of_then(self):
        name = "explain.then"
        self.stack.add_accounts({name: ("HRD", "-", "unit-manager", "مدیر دیروز")})
        before = self.moment()
        path = "/api/v1/assignments"
        made = self.stack.client(ASKER).post(path, {"account_id": self.account(name), "role": "process-owner"})
        self.assertEqual(made.status, 201, made)
        between = self.moment()
        ended = self.stack.client(ASKER).delete(made.header("Location"), headers={"If-Match": made.header("ETag")})
        self.assertEqual(ended.status, 204, ended)
        after = self.moment()
        told = [self.told(name, "board:create", at=at) for at in (before, between, after)]
        self.assertEqual([t["allowed"] for t in told], [False, True, False])
        self.assertEqual([t["at"] for t in told], [before, between, after])
        self.assertEqual(told[1]["explanation"]["roles"][0]["via"][:11], "assignment:")
        seqs = [int(t["explanation"]["assignments"][4:]) for t in told]
        self.assertTrue(seqs[0] < seqs[1] < seqs[2], seqs)
        self.assertFalse(self.told(name, "board:create")["allowed"], "now as after")

    def test_what_was_seen_then_is_told_by_the_seats_of_then(self):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle)
        unseated = self.moment()
        self.assertEqual(self.seat(evaluation, board_id=self.board(cycle)["id"]).status, 201)
        self.move(evaluation, "notified")
        seated = self.moment()
        path = f"/api/v1/evaluations/{evaluation}/seats/{self.account('board.two')}/recusal"
        self.assertEqual(self.stack.client("board.two").post(path, {"reason": "خویشاوندی"}).status, 200)
        left = self.moment()
        asked = {"object_type": "evaluation", "object_id": evaluation}
        told = [self.told("board.two", "evaluation:read", at=at, **asked) for at in (unseated, seated, left)]
        self.assertEqual([t["allowed"] for t in told], [False, True, False])
        self.assertEqual([t["object"]["as"] for t in told], [[], ["member"], []])
        self.assertEqual(self.told("hrd.manager", "evaluation:read", at=seated, **asked)["object"]["as"], ["owner"])
        for at, code in (("yesterday", "FORMAT"), ("2100-01-01T00:00:00Z", "RANGE"), ("2001-01-01T00:00:00Z", "BEFORE")):
            document = problem(self, self.ask("board.two", "evaluation:read", at=at), 422, "INVALID")
            self.assertEqual([(f["pointer"], f["code"]) for f in document["errors"]], [("/at", code)])

    def cli(self, *args, user=ASKER):
        secret = f"{self.stack.accounts[user]['password']}\n{self.stack.book(user).next_code()}\n"
        return subprocess.run([self.stack.build / "server/sanjeh", "access", args[0], "--url", f"https://localhost:{self.stack.port}", "--user", user,
                               "--ca", self.stack.ca_file, *args[1:]], input=secret, capture_output=True, text=True, check=False, timeout=60)

    def answer(self, *args, **more):
        done = self.cli(*args, **more)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def test_the_command_line_asks_the_same(self):
        _, evaluation = self.seated()
        names = [f"explain.cli{n}" for n in range(6)]  # a code works once in 30 seconds
        if names[0] not in self.stack.accounts:
            self.stack.add_accounts({name: ("-", "-", "administrator", "راهبر خط فرمان") for name in names})
        got = self.cli("why", self.account("sit.analyst"), "judge:read", "name", user=names[0])
        self.assertEqual(got.returncode, 0, got.stderr)
        self.assertEqual(json.loads(got.stdout)["field"]["name"], "name")
        got = self.answer("person", self.account("board.one"), user=names[1])
        self.assertEqual(got["roles"], ["evaluator"])
        got = self.answer("file", evaluation, user=names[2])
        self.assertEqual({r["account_id"] for r in got["items"]}, set(self.readers(evaluation)))
        self.assertTrue(self.answer("changes", "0", user=names[3])["items"])
        now = self.moment()
        got = self.answer("why", "--at", now, self.account("sit.analyst"), "judge:read", user=names[4])
        self.assertEqual((got["at"], got["allowed"]), (now, True))
        got = self.answer("changes", "--since", "2020-01-01T00:00:00Z", user=names[5])
        self.assertIn("default", [v["policy"] for v in got["versions"]])
        self.assertEqual(subprocess.run([self.stack.build / "server/sanjeh", "access", "file", "--url", "https://localhost", "--user", "x", "../x"],
                                        capture_output=True, check=False).returncode, 2)
