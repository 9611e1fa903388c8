# SPDX-License-Identifier: Apache-2.0
"""What the tests of break-glass share: a server whose clock can be turned, a judge with a file, who asks, approves and reviews."""

import os
import subprocess

from approval_case import APPROVALS, proof
from board_case import BoardTest
from sanjeh_client import this_step
from stack import Stack, problem

GLASS = "/api/v1/break-glass"
REASON = "تهدید جانی علیه قاضی؛ پرونده باید همین امروز دیده شود"
GROUNDS = "با من اختلاف حساب دارد"
REVIEW = "دلیل کافی بود و تنها همان پرونده خوانده شد"
ROSTER = "personnel_number,name\n" + "".join(f"K-{n:03},قاضی نمونه {name}\n" for n, name in enumerate("ابپتثجچحخد", 1))
# who asks: the process owner's unit; who approves: three units, one without; the judge himself under an office account
PEOPLE = {
    "asks": ("HRD", "-", "process-owner", "مالک فرایند"),
    "asks.too": ("HRD", "-", "process-owner", "مالک فرایند دیگر"),
    "asks.self": ("HRD", "-", "process-owner", "قاضی در دفتر", "HRD:K-001", "person"),
    "ok.sc": ("SC", "-", "emergency-approver", "تأیید دیوان"),
    "ok.sc.too": ("SC", "-", "emergency-approver", "تأیید دیگر دیوان"),
    "ok.ago": ("AGO", "-", "emergency-approver", "تأیید دادستانی"),
    "ok.hrd": ("HRD", "-", "emergency-approver", "تأیید همان واحد"),
    "ok.none": ("-", "-", "emergency-approver", "تأیید بی‌واحد"),
    "ok.judge": ("SIT", "-", "emergency-approver", "قاضی تأییدکننده", "HRD:K-001", "person"),
    "officer": ("-", "-", "security-officer", "مسئول امنیت"),
    "k.judge": ("-", "-", "judge", "قاضی", "HRD:K-001"),
    "k.other": ("-", "-", "judge", "قاضی دیگر", "HRD:K-002"),
}


class GlassTest(BoardTest):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "jdpd.manager", "admin.one"),
                              env={"SANJEH_EVALUATION_TEST_CLOCK": "1", "SANJEH_AUTHN_IDLE_S": "3600"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        sent = cls.owner.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        assert sent.status == 201, sent
        cls.stack.add_accounts(PEOPLE)
        cls.judge = cls.stack.client("k.judge")
        cls.judge_id = cls.judge.get("/api/v1/me").json()["judge_id"]
        cls.other_id = cls.stack.client("k.other").get("/api/v1/me").json()["judge_id"]

    def setUp(self):
        for name in (*PEOPLE, "hrd.manager", "jdpe.manager", "jdpd.manager", "admin.one"):
            self.stack.client(name).close()  # an idle connection does not live as long as a loaded machine's tests
        cycle = self.cycle()
        self.file, self.other = self.evaluation(cycle), self.evaluation(cycle, judge=self.other_id)
        for evaluation, judge in ((self.file, "k.judge"), (self.other, "k.other")):
            self.fill(evaluation, judge)

    def fill(self, evaluation, judge):
        """A seat and a challenge to read, in the judge's own words."""
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id)
                select e.unit_id, e.id, '{self.account("ok.sc")}', '{self.account("ok.sc")}', 'chair', true, e.judge_id, e.issuer_scope_id
                from sanjeh.evaluation e where e.id = '{evaluation}';
            insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
                select unit_id, gen_random_uuid(), id, 'challenge', 'judge', sanjeh.clock_now(), sanjeh.clock_now() + interval '3 days'
                from sanjeh.evaluation where id = '{evaluation}';
            commit;""")
        made = self.stack.client(judge).post(f"/api/v1/evaluations/{evaluation}/challenges",
                                             {"account_id": self.account("ok.sc"), "grounds": GROUNDS})
        self.assertEqual(made.status, 201, made)
        self.move(evaluation, "rating")

    def tearDown(self):
        # the next test's people have no review open
        self.stack.sql("""begin; set local session_replication_role = replica; delete from sanjeh.break_glass;
            delete from sanjeh.break_glass_notice; commit;""")

    def advance(self, time):
        done = subprocess.run([str(self.stack.build / "server/sanjeh"), "clock", "advance", "--config",
                               str(self.stack.folder / "sanjehd.conf"), time], capture_output=True, text=True, timeout=60,
                              env={**os.environ, "SANJEH_EVALUATION_TEST_CLOCK": "1"})
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def stepped(self, name, path, etag=None, **more):
        """Both factors again. Nobody waits for the next code here: the last one is forgotten."""
        self.stack.client(name)
        self.stack.sql(f"update sanjeh.totp set last_step = 0 where account_id = '{self.account(name)}'")
        self.stack.book(name).last_step = this_step() - 1  # the present one: the one before may end on the way
        self.stack.client(name).close()
        return self.stack.client(name).post(path, {**proof(self.stack, name), **more}, headers={"If-Match": etag} if etag else {})

    def unmet(self, answer, code):
        document = problem(self, answer, 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], [code])

    def ask(self, name="asks", evaluation=None, minutes=60, reason=REASON):
        body = {"action": "break-glass:open", "object": evaluation or self.file, "parameters": {"minutes": minutes}, "reason": reason}
        return self.stack.client(name).post(APPROVALS, body)

    def asked(self, *approvers, **how):
        """The id of a request with these votes."""
        made = self.ask(**how)
        self.assertEqual(made.status, 201, made)
        for name in approvers:
            self.assertEqual(self.vote(name, made.json()["id"]).status, 200, name)
        return made.json()["id"]

    def vote(self, name, approval):
        tag = self.stack.client(name).get(f"{APPROVALS}/{approval}").header("ETag")
        return self.stepped(name, f"{APPROVALS}/{approval}/approve", tag)

    def open(self, approval, name="asks", evaluation=None):
        return self.stepped(name, f"/api/v1/evaluations/{evaluation or self.file}/break-glass", approval=approval)

    def opened(self, **how):
        """The id of an opening of the file."""
        approval = self.asked("ok.sc", "ok.ago", **how)
        done = self.open(approval, how.get("name", "asks"), how.get("evaluation"))
        self.assertEqual(done.status, 201, done)
        self.assertEqual(done.json()["id"], approval)
        return approval

    def read(self, path, glass, name="asks"):
        return self.stack.client(name).get(path, headers={"Sanjeh-Break-Glass": glass})

    def detail(self, answer):
        return self.stack.client("officer").get(f"/api/v1/audit/entries/{answer.header('Audit-Index')}").json()["detail"]

    def act(self, name, glass, deed, body=None):
        tag = self.stack.client(name).get(f"{GLASS}/{glass}").header("ETag")
        return self.stack.client(name).post(f"{GLASS}/{glass}/{deed}", body or {}, headers={"If-Match": tag or '"v1"'})

    def review(self, glass, name="officer", outcome="justified"):
        return self.act(name, glass, "review", {"outcome": outcome, "review": REVIEW})
