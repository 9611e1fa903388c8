# SPDX-License-Identifier: Apache-2.0
"""What takes two persons: asked for, approved by distinct ones, bound to the deed, used once.

The deed here is a correction order (after the freeze nobody corrects alone); the mechanism is the same for all."""

import hashlib
import threading
import time
import unittest
import uuid

from approval_case import APPROVALS, approve, approver, ask, proof, stepped_up
from board_case import BoardTest
from stack import problem

REASON = "ردیفی دوبار شمرده شده بود"
ISSUER = "jdpe.manager"


def bound(reason=REASON):
    return {"reason_sha256": hashlib.sha256(reason.encode()).hexdigest()}


def guard(document):
    return [fault["code"] for fault in document["errors"]]


class Approvals(BoardTest):
    def final(self):
        evaluation = self.evaluation(self.cycle())
        self.move(evaluation, "final", ", state_since = now() - interval '1 day', issued_at = now()")
        return evaluation

    def ask(self, evaluation, requester=ISSUER, parameters=None, **more):
        made = ask(self.stack, requester, "correction:create", evaluation, parameters or bound(), **more)
        self.assertEqual(made.status, 201, made)
        self.assertEqual((made.json()["state"], made.json()["votes"]), ("open", []))
        return made

    def correct(self, evaluation, made, reason=REASON, by=ISSUER):
        body = {"reason": reason, **({"approval": made.json()["id"]} if made is not None else {})}
        return self.stack.client(by).post(f"/api/v1/evaluations/{evaluation}/corrections", body)

    def unmet(self, answer, code):
        self.assertEqual(guard(problem(self, answer, 409, "GUARD_UNMET")), [code])

    def state(self, evaluation):
        return self.stack.sql(f"select state from sanjeh.evaluation where id = '{evaluation}'")

    def entry(self, answer):
        return self.stack.client("security.officer").get(f"/api/v1/audit/entries/{answer.header('Audit-Index')}").json()

    def test_a_deed_of_two_is_done_once_and_recorded(self):
        evaluation = self.final()
        self.unmet(self.correct(evaluation, None), "NO_APPROVAL")
        made = self.ask(evaluation)
        self.unmet(self.correct(evaluation, made), "NOT_APPROVED")
        done = approve(self.stack, approver(self.stack, "approver.once"), made)
        self.assertEqual((done.status, done.json()["state"]), (200, "approved"), done)
        self.assertEqual([(vote["approves"], vote["role"], vote["method"]) for vote in done.json()["votes"]],
                         [(True, "process-owner", "password+totp")])
        entry = self.entry(done)
        self.assertEqual((entry["action"], entry["object"]), ("approval:decide", made.json()["id"]))
        self.assertIn(f"operation={made.json()['operation']}", entry["detail"])
        self.assertRegex(entry["detail"], r"policy=default@\d+:[0-9a-f]{16}")
        self.assertEqual(self.correct(evaluation, made).status, 201)
        self.assertEqual(self.state(evaluation), "superseded")
        read = self.stack.client(ISSUER).get(f"{APPROVALS}/{made.json()['id']}").json()
        self.assertEqual((read["state"], read["used_at"] is not None), ("used", True))
        self.move(evaluation, "final")
        self.unmet(self.correct(evaluation, made), "USED")

    def test_it_is_bound_to_object_parameters_and_person(self):
        evaluation, other = self.final(), self.final()
        made = self.ask(evaluation)
        self.assertEqual(approve(self.stack, approver(self.stack, "approver.bound"), made).status, 200)
        self.unmet(self.correct(other, made), "OTHER_OPERATION")
        self.unmet(self.correct(evaluation, made, reason="دلیلی دیگر"), "OTHER_OPERATION")
        if "issuer.second" not in self.stack.accounts:
            self.stack.add_accounts({"issuer.second": ("JDP", "JDP-E", "unit-manager,issuer", "صادرکننده دیگر")})
        self.unmet(self.correct(evaluation, made, by="issuer.second"), "NO_APPROVAL")
        self.assertEqual((self.state(evaluation), self.state(other)), ("final", "final"))
        self.assertEqual(self.correct(evaluation, made).status, 201)

    def test_nobody_approves_his_own_request_under_any_account(self):
        self.stack.add_accounts({
            "twice.asks": ("JDP", "JDP-E", "unit-manager,issuer", "یک نفر", "HRD:HRD-0029", "person"),
            "twice.approves": ("HRD", "-", "process-owner", "همان یک نفر", "HRD:HRD-0029", "person"),
            "own.approves": ("HRD", "-", "process-owner", "مالک فرایند")})
        made = self.ask(self.final(), requester="twice.asks")
        self.unmet(approve(self.stack, "twice.approves", made), "OWN_REQUEST")
        own = self.ask(self.final(), requester="own.approves")
        self.unmet(approve(self.stack, "own.approves", own), "OWN_REQUEST")
        # the database says the same to a server that forgot to ask
        for name, row in (("twice.approves", made.json()), ("own.approves", own.json())):
            account = self.account(name)
            done = self.as_app([account, "00000000-0000-8000-8000-000000000008"], f"""insert into sanjeh.approval_vote (approval_id,
                person_id, account_id, account_unit, role, approves, method, voted_at, requested_by, seal) select '{row["id"]}',
                sanjeh.person_of('{account}'), '{account}', (select id from sanjeh.unit where code = 'HRD'), 'process-owner', true,
                'password+totp', now(), '{row["requested_by"]}', sha256('x')""")
            self.assertRegex(done.stderr, "approves what he asked for|approval_vote_not_requester", name)
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.approval_vote where approval_id = '{made.json()['id']}'"), "0")

    def as_app(self, scopes, text):
        """SQL as sanjeh_app in a context that the keeper might have signed."""
        return self.stack.sql(f"""begin; select set_config('sanjeh.context', c.body || '.' || encode(sha256(k.outer_pad
                || sha256(k.inner_pad || convert_to(c.body, 'UTF8'))), 'hex'), true) from sanjeh.context_key k,
            (select format('v1.%s.%s', floor(extract(epoch from now()))::int8 + 60, '{",".join(scopes)}') as body) c;
            set local role sanjeh_app; {text}; commit;""", check=False)

    def test_only_the_role_of_another_unit_with_both_factors(self):
        made = self.ask(self.final())
        path = f"{APPROVALS}/{made.json()['id']}/approve"
        for name in ("admin.one", "security.officer"):
            problem(self, stepped_up(self.stack, name, path, made.header("ETag")), 403, "FORBIDDEN")
        for name in ("sit.manager", "judge.one", "signer.one"):
            self.assertEqual(self.stack.client(name).post(path, {"method": "password+totp", "password": "x", "code": "000000"}).status, 403, name)
        name = approver(self.stack, "approver.factors")
        client, right = self.stack.client(name), proof(self.stack, name)
        problem(self, client.post(path, {}, headers={"If-Match": made.header("ETag")}), 422, "INVALID")
        problem(self, client.post(path, {**right, "method": "session"}, headers={"If-Match": made.header("ETag")}), 422, "INVALID")
        problem(self, client.post(path, {**right, "password": right["password"] + "x"}, headers={"If-Match": made.header("ETag")}), 403, "STEP_UP_FAILED")
        problem(self, client.post(path, {**right, "code": "000000"}, headers={"If-Match": made.header("ETag")}), 403, "STEP_UP_FAILED")
        done = client.post(path, right, headers={"If-Match": made.header("ETag")})
        self.assertEqual(done.status, 200, done)
        # the same code once more is none
        problem(self, client.post(path, right, headers={"If-Match": done.header("ETag")}), 403, "STEP_UP_FAILED")
        self.assertEqual(client.get("/api/v1/me").status, 200, "a refused proof ends no session")
        self.stack.add_accounts({"own.unit": ("JDP", "-", "process-owner", "همان واحد")})
        near = self.ask(self.final())
        self.unmet(approve(self.stack, "own.unit", near), "OTHER_UNIT")

    def test_it_expires_and_is_cancelled_and_rejected(self):
        name = approver(self.stack, "approver.ends")
        late = self.ask(self.final(), expires_in=1)
        time.sleep(1.1)
        self.unmet(approve(self.stack, name, late), "ENDED")
        self.assertEqual(self.stack.client(ISSUER).get(f"{APPROVALS}/{late.json()['id']}").json()["state"], "expired")
        self.assertIn(late.json()["id"], [row["id"] for row in self.stack.client(ISSUER).items(f"{APPROVALS}?state=expired")])
        evaluation = self.final()
        rejected = self.ask(evaluation)
        path = f"{APPROVALS}/{rejected.json()['id']}"
        problem(self, self.stack.client(name).post(f"{path}/reject", {}), 428)
        problem(self, self.stack.client(name).post(f"{path}/reject", {}, headers={"If-Match": '"v9"'}), 412)
        done = self.stack.client(name).post(f"{path}/reject", {}, headers={"If-Match": rejected.header("ETag")})
        self.assertEqual((done.status, done.json()["state"]), (200, "rejected"), done)
        self.unmet(self.correct(evaluation, rejected), "ENDED")
        again = self.ask(evaluation)
        path = f"{APPROVALS}/{again.json()['id']}"
        self.assertEqual(self.stack.client(name).post(f"{path}/cancel", {}, headers={"If-Match": again.header("ETag")}).status, 404)
        done = self.stack.client(ISSUER).post(f"{path}/cancel", {}, headers={"If-Match": again.header("ETag")})
        self.assertEqual((done.status, done.json()["state"]), (200, "cancelled"), done)
        self.unmet(self.correct(evaluation, again), "ENDED")
        problem(self, self.stack.client(ISSUER).post(f"{path}/cancel", {}, headers={"If-Match": done.header("ETag")}), 409, "NO_SUCH_MOVE")

    def test_requests_are_seen_by_who_asked_and_who_decides(self):
        made = self.ask(self.final()).json()
        for name in ("admin.one", "security.officer", "hrd.manager", "signer.one"):
            self.assertEqual(self.stack.client(name).get(f"{APPROVALS}/{made['id']}").status, 200, name)
        for name in ("judge.one", "sit.manager", "policy.author", "hrd.contributor"):
            self.assertEqual(self.stack.client(name).get(APPROVALS).status, 403, name)
        if "issuer.second" not in self.stack.accounts:
            self.stack.add_accounts({"issuer.second": ("JDP", "JDP-E", "unit-manager,issuer", "صادرکننده دیگر")})
        self.assertEqual(self.stack.client("issuer.second").get(f"{APPROVALS}/{made['id']}").status, 404)
        self.assertEqual(self.stack.client("issuer.second").items(APPROVALS), [])

    def test_what_is_asked_for_is_exact(self):
        evaluation = str(uuid.uuid4())
        client = self.stack.client(ISSUER)
        body = {"action": "correction:create", "object": evaluation, "parameters": bound(), "reason": "برای آزمون"}
        for change, code in (({"action": "policy:activate"}, "UNKNOWN"), ({"action": "key:erase"}, "UNKNOWN"),
                             ({"parameters": []}, "TYPE"), ({"parameters": {"a": {}}}, "TYPE"), ({"parameters": {"a": 1.5}}, "TYPE"),
                             ({"reason": "  "}, "EMPTY"), ({"reason": "a\u202eb"}, "CONTROL_CHARACTER"),
                             ({"expires_in": 8 * 86400}, "RANGE"), ({"expires_in": -1}, "RANGE")):
            self.assertIn(code, guard(problem(self, client.post(APPROVALS, {**body, **change}), 422, "INVALID")), change)
        problem(self, client.post(APPROVALS, {**body, "more": 1}), 400, "UNKNOWN_MEMBER")
        problem(self, client.post(APPROVALS, {**body, "parameters": {"a": "x" * 5000}}), 422, "INVALID")
        one, two = (client.post(APPROVALS, {**body, "parameters": order}).json()["operation"]
                    for order in ({"a": 1, "b": "2"}, {"b": "2", "a": 1}))
        text = f'{{"action":"correction:create","object":"{evaluation}","parameters":{{"a":1,"b":"2"}}}}'
        self.assertEqual((one, two), (hashlib.sha256(text.encode()).hexdigest(),) * 2)

    def test_votes_at_the_same_time_are_one_a_person(self):
        evaluation = self.final()
        made = self.ask(evaluation)
        names = [approver(self.stack, f"approver.race{number}") for number in range(3)]
        for name in names:
            self.stack.client(name)
        answers = []

        def vote(name):
            client = self.stack.anonymous(token=self.stack.client(name).token)
            answers.append(client.post(f"{APPROVALS}/{made.json()['id']}/approve", proof(self.stack, name),
                                       headers={"If-Match": made.header("ETag")}))
            client.close()

        threads = [threading.Thread(target=vote, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(sorted(answer.status for answer in answers), [200, 412, 412], answers)
        done, used = [], threading.Barrier(4)

        def use():
            client = self.stack.anonymous(token=self.stack.client(ISSUER).token)
            used.wait()
            done.append(client.post(f"/api/v1/evaluations/{evaluation}/corrections", {"reason": REASON, "approval": made.json()["id"]}).status)
            client.close()

        threads = [threading.Thread(target=use) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(done.count(201), 1, done)
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.correction_order where evaluation_id = '{evaluation}'"), "1")

    def test_what_a_superuser_wrote_is_not_believed(self):
        evaluation = self.final()
        made = self.ask(evaluation)
        row = made.json()
        voter = self.account("hrd.manager")
        self.stack.sql(f"""begin; set local session_replication_role = replica;
            insert into sanjeh.approval_vote (approval_id, person_id, account_id, account_unit, role, approves, method, voted_at, requested_by,
                seal) select '{row["id"]}', '{voter}', '{voter}', id, 'process-owner', true, 'password+totp', now(), '{row["requested_by"]}',
                sha256('guess') from sanjeh.unit where code = 'HRD';
            update sanjeh.approval set state = 'approved', decided_at = now(), version = 2 where id = '{row["id"]}'; commit;""")
        self.unmet(self.correct(evaluation, made), "SEAL_BROKEN")
        edited = self.ask(evaluation, parameters=bound("دیگر"))
        self.assertEqual(approve(self.stack, approver(self.stack, "approver.edited"), edited).status, 200)
        text = f'{{"action":"correction:create","object":"{evaluation}","parameters":{{"reason_sha256":"{bound()["reason_sha256"]}"}}}}'
        self.stack.sql(f"""begin; set local session_replication_role = replica; update sanjeh.approval set operation = sha256('{text}'),
            parameters = '{{"reason_sha256":"{bound()["reason_sha256"]}"}}' where id = '{edited.json()["id"]}'; commit;""")
        self.unmet(self.correct(evaluation, edited), "SEAL_BROKEN")
        self.assertEqual(self.state(evaluation), "final")
        self.assertIn("approval.seal.broken", self.stack.log())

    def test_the_database_knows_the_steps(self):
        made = self.ask(self.final()).json()
        for change in ("state = 'approved', decided_at = now()", "state = 'used', decided_at = now(), used_at = now()",
                       "state = 'rejected', decided_at = now()", "state = 'cancelled', decided_at = now(), reason = 'x'",
                       "need = 1", "expires_at = now() + interval '1 year'", "operation = sha256('x')"):
            done = self.stack.sql(f"update sanjeh.approval set version = version + 1, {change} where id = '{made['id']}'", check=False)
            self.assertRegex(done.stderr, "no such step|does not change", change)
        self.assertIn("what was decided stays", self.stack.sql(f"delete from sanjeh.approval where id = '{made['id']}'", check=False).stderr)


if __name__ == "__main__":
    unittest.main()
