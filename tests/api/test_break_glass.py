# SPDX-License-Identifier: Apache-2.0
"""Break-glass, rule 15 of the separation rules point by point: two approvers of two units, at most four hours, one file, reading
alone, a review afterwards by somebody else, the judge told at once unless the auditor has postponed it."""

import datetime
import time
import unittest
import uuid

from alarm_case import told
from glass_case import GLASS, GROUNDS, REASON, REVIEW, GlassTest
from stack import problem


class BreakGlass(GlassTest):
    # ---- two approvers of two units ----

    def test_two_units_approve_and_nobody_else(self):
        approval = self.asked()
        self.unmet(self.open(approval), "NOT_APPROVED")
        self.unmet(self.vote("ok.hrd", approval), "OTHER_UNIT")
        self.unmet(self.vote("ok.none", approval), "NO_UNIT")
        self.unmet(self.vote("ok.judge", approval), "ABOUT_ONESELF")
        self.assertEqual(self.vote("officer", approval).status, 403, "who reviews does not approve")
        first = self.vote("ok.sc", approval)
        self.assertEqual((first.status, first.json()["state"]), (200, "open"), first)
        self.unmet(self.open(approval), "NOT_APPROVED")
        self.unmet(self.vote("ok.sc.too", approval), "SAME_UNIT")
        self.unmet(self.vote("ok.sc", approval), "VOTED_ALREADY")
        second = self.vote("ok.ago", approval)
        self.assertEqual((second.status, second.json()["state"], second.json()["need"]), (200, "approved", 2), second)
        done = self.open(approval)
        self.assertEqual((done.status, done.json()["state"]), (201, "open"), done)
        self.assertEqual(sorted(vote["account_id"] for vote in done.json()["approved_by"]),
                         sorted((self.account("ok.sc"), self.account("ok.ago"))))
        self.unmet(self.open(approval), "REVIEW_OPEN")

    def test_the_database_says_the_same_to_a_server_that_forgot(self):
        approval, office = self.asked("ok.sc"), "00000000-0000-8000-8000-000000000008"

        def vote(name, unit):
            return self.as_app([self.account(name), office], f"""insert into sanjeh.approval_vote (approval_id, person_id, account_id,
                account_unit, role, approves, method, voted_at, requested_by, seal) select '{approval}',
                sanjeh.person_of('{self.account(name)}'), '{self.account(name)}', {unit}, 'emergency-approver', true, 'password+totp',
                now(), '{self.account("asks")}', sha256('x')""").stderr

        def unit(code):
            return f"(select id from sanjeh.unit where code = '{code}')"
        self.assertIn("two units approve break-glass", vote("ok.sc.too", unit("SC")))
        self.assertIn("two units approve break-glass", vote("ok.none", "null"))
        self.assertIn("another unit approves", vote("ok.hrd", unit("HRD")))
        self.assertIn("nobody votes about his own file", vote("ok.judge", unit("SIT")))

        def opening(approval, account="asks", minutes=60, notice="interval '0'"):
            return self.as_app([self.account(account), office], f"""insert into sanjeh.break_glass (id, evaluation_id, judge_id, account_id,
                person_id, account_unit, reason, opened_at, ends_at, notice_at, review_due, seal) select '{approval}', '{self.file}',
                '{self.judge_id}', '{self.account(account)}', sanjeh.person_of('{self.account(account)}'), {unit("HRD")}, '{REASON}',
                t, t + interval '{minutes} minutes', t + {notice}, t + interval '1 day', sha256('x') from sanjeh.clock_now() as t""").stderr
        self.assertIn("two units approve what is opened", opening(approval))
        two = self.asked("ok.sc", "ok.ago")
        self.stack.sql(f"update sanjeh.approval set state = 'used', used_at = now(), version = version + 1 where id = '{two}'")
        self.assertIn("as long as was approved", opening(two, minutes=61))
        self.assertIn("break_glass_four_hours", opening(two, minutes=241).replace("as long as was approved", "break_glass_four_hours"))
        self.assertIn("nobody postponed the notice", opening(two, notice="interval '1 day'"))
        self.assertIn("two units approve what is opened", opening(two, account="asks.too"))
        self.assertEqual(opening(two), "")
        for text, said in ((f"update sanjeh.break_glass set ends_at = ends_at + interval '1 hour' where id = '{two}'", "permission denied"),
                           (f"delete from sanjeh.break_glass where id = '{two}'", "permission denied"),
                           (f"update sanjeh.break_glass set reviewed_at = ends_at, reviewed_by = '{self.account('ok.ago')}', outcome = "
                            f"'justified', review = '{REVIEW}' where id = '{two}'", "somebody else reviews")):
            self.assertIn(said, self.as_app([self.account("asks"), office], text).stderr, text)

    def as_app(self, scopes, text):
        """SQL as sanjeh_app in a context that the keeper might have signed."""
        return self.stack.sql(f"""begin; select set_config('sanjeh.context', c.body || '.' || encode(sha256(k.outer_pad
                || sha256(k.inner_pad || convert_to(c.body, 'UTF8'))), 'hex'), true) from sanjeh.context_key k,
            (select format('v1.%s.%s', floor(extract(epoch from now()))::int8 + 60, '{",".join(scopes)}') as body) c;
            set local role sanjeh_app; {text}; commit;""", check=False)

    def test_what_may_be_asked_for(self):
        problem(self, self.ask(reason="کوتاه"), 422, "INVALID")
        for minutes in (0, 241, -1):
            problem(self, self.ask(minutes=minutes), 422, "INVALID")
        problem(self, self.ask(evaluation=str(uuid.uuid4())), 422, "INVALID")
        self.unmet(self.ask(name="asks.self"), "ABOUT_ONESELF")
        self.assertEqual(self.ask(name="asks.self", evaluation=self.other).status, 201)
        for name in ("ok.sc", "officer", "admin.one", "k.judge", "jdpd.manager"):
            self.assertEqual(self.ask(name=name).status, 403, name)

    def test_an_approval_serves_its_file_its_person_and_its_time(self):
        approval = self.asked("ok.sc", "ok.ago")
        self.unmet(self.open(approval, evaluation=self.other), "OTHER_OPERATION")
        self.unmet(self.open(approval, name="asks.too"), "NO_APPROVAL")
        wrong = self.stack.client("asks").post(f"/api/v1/evaluations/{self.file}/break-glass",
                                               {"method": "password+totp", "password": "x" * 12, "code": "000000", "approval": approval})
        problem(self, wrong, 403, "STEP_UP_FAILED")
        problem(self, self.stepped("asks", f"/api/v1/evaluations/{self.file}/break-glass"), 422, "INVALID")
        self.stack.sql(f"""begin; set local session_replication_role = replica; update sanjeh.approval set
            requested_at = requested_at - interval '5 hours', expires_at = expires_at - interval '5 hours' where id = '{approval}'; commit;""")
        self.unmet(self.open(approval), "SEAL_BROKEN")
        late = self.stack.client("asks").post("/api/v1/approvals", {"action": "break-glass:open", "object": self.file,
                                                                   "parameters": {"minutes": 5}, "reason": REASON, "expires_in": 3})
        for name in ("ok.sc", "ok.ago"):
            self.assertEqual(self.vote(name, late.json()["id"]).status, 200)
        time.sleep(3)
        self.unmet(self.open(late.json()["id"]), "EXPIRED")

    # ---- what it opens ----

    def test_it_opens_one_file_for_one_account_to_read(self):
        path = f"/api/v1/evaluations/{self.file}"
        self.assertEqual(self.stack.client("asks").get(f"{path}/ratings").status, 403, "a process owner reads no marks")
        glass = self.opened()
        seen = self.read(path, glass)
        self.assertEqual((seen.status, seen.json()["judge_id"]), (200, self.judge_id), seen)
        self.assertIn(f"break_glass={glass}", self.detail(seen))
        self.assertEqual([row["id"] for row in self.read("/api/v1/evaluations", glass).json()["items"]], [self.file])
        marks = self.read(f"{path}/ratings", glass)
        self.assertEqual(marks.status, 200, marks)
        texts = self.read(f"{path}/challenges", glass).json()["items"]
        self.assertEqual([row["grounds"] for row in texts], [GROUNDS], "sealed texts are opened")
        self.assertEqual(len(self.read(f"/api/v1/evaluations/{self.file}/seats", glass).json()["items"]), 1)
        # another file, another account, without the header
        self.assertEqual(self.read(f"/api/v1/evaluations/{self.other}", glass).status, 404)
        problem(self, self.read(path, glass, name="asks.too"), 403, "FORBIDDEN")
        problem(self, self.read(path, str(uuid.uuid4())), 403, "FORBIDDEN")
        problem(self, self.read(path, "x"), 400, "BAD_REQUEST")
        self.assertEqual(self.stack.client("asks").get(f"/api/v1/evaluations/{self.file}/ratings").status, 403)
        # never writing, never what is no part of the file
        client = self.stack.client("asks")
        moved = client.post(f"{path}/moves", {"to": "drafted"}, headers={"Sanjeh-Break-Glass": glass, "If-Match": '"v1"'})
        self.assertIn("never writes", problem(self, moved, 403, "FORBIDDEN")["detail"])
        self.assertEqual(self.read(f"{path}/conflicts", glass).json()["items"], [])
        for closed in ("samples", "coi-declarations"):
            self.assertEqual(self.read(f"{path}/{closed}", glass).status, 403, closed)
        for closed in ("/api/v1/judges", "/api/v1/surveys", f"/api/v1/judges/{self.judge_id}", "/api/v1/facts", "/api/v1/gates",
                       "/api/v1/audit/entries/1", "/api/v1/accounts", "/api/v1/me", f"{path}/readers", GLASS):
            self.assertEqual(self.read(closed, glass).status, 403, closed)
        self.assertEqual(self.stack.sql(f"select state from sanjeh.evaluation where id = '{self.file}'"), "rating")

    def test_it_ends_by_the_clock_and_by_hand(self):
        path = f"/api/v1/evaluations/{self.file}"
        glass = self.opened(minutes=240)
        self.advance("239m")
        self.assertEqual(self.read(path, glass).status, 200)
        self.advance("2m")
        problem(self, self.read(path, glass), 403, "FORBIDDEN")
        self.assertEqual(self.stack.client("asks").get(f"{GLASS}/{glass}").json()["state"], "ended")
        problem(self, self.act("asks", glass, "close"), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.review(glass).status, 200)
        again = self.opened(minutes=30)
        problem(self, self.stack.client("asks").post(f"{GLASS}/{again}/close", {}), 428)
        done = self.act("asks", again, "close")
        self.assertEqual((done.status, done.json()["state"]), (200, "closed"), done)
        problem(self, self.read(path, again), 403, "FORBIDDEN")

    def test_a_row_that_somebody_else_wrote_opens_nothing(self):
        path = f"/api/v1/evaluations/{self.file}"
        approval = self.asked("ok.sc")
        self.stack.sql(f"""begin; set local session_replication_role = replica; insert into sanjeh.break_glass (id, evaluation_id, judge_id,
            account_id, person_id, account_unit, reason, opened_at, ends_at, notice_at, review_due, seal) select '{approval}', '{self.file}',
            '{self.judge_id}', a.id, a.id, a.unit_id, '{REASON}', t, t + interval '1 hour', t, t + interval '1 day', sha256('x')
            from sanjeh.account a, sanjeh.clock_now() as t where a.username = 'asks'; commit;""")
        problem(self, self.read(path, approval), 403, "FORBIDDEN")
        self.assertIn("break_glass.seal.broken", self.stack.log())
        self.stack.sql("begin; set local session_replication_role = replica; delete from sanjeh.break_glass; commit;")
        glass = self.opened(minutes=1)
        self.assertEqual(self.read(path, glass).status, 200)
        for change in ("ends_at = ends_at + interval '3 hours'", f"evaluation_id = '{self.other}'"):
            self.stack.sql(f"begin; set local session_replication_role = replica; update sanjeh.break_glass set {change}; commit;")
            problem(self, self.read(path, glass), 403, "FORBIDDEN")

    # ---- the review ----

    def test_somebody_else_reviews_before_the_next_one(self):
        glass = self.opened()
        self.unmet(self.review(glass), "STILL_OPEN")
        self.assertEqual(self.act("asks", glass, "close").status, 200)
        self.unmet(self.ask(), "REVIEW_OPEN")
        self.assertEqual(self.review(glass, name="asks").status, 403)
        self.assertEqual(self.review(glass, name="ok.sc").status, 403)
        problem(self, self.act("officer", glass, "review", {"outcome": "fine", "review": REVIEW}), 422, "INVALID")
        problem(self, self.act("officer", glass, "review", {"outcome": "justified", "review": "خوب"}), 422, "INVALID")
        done = self.review(glass, outcome="unjustified")
        self.assertEqual((done.status, done.json()["state"], done.json()["outcome"]), (200, "reviewed", "unjustified"), done)
        problem(self, self.review(glass), 409, "NO_SUCH_MOVE")
        self.assertEqual(self.ask().status, 201)

    def test_an_overdue_review_raises_an_alarm_once(self):
        glass = self.opened(minutes=10)
        self.advance("3d")
        self.advance("30m")
        for _ in range(80):
            if "sanjehd_break_glass_reviews_overdue 1\n" in self.stack.anonymous().get("/metrics").body.decode():
                break
            time.sleep(0.1)
        else:
            self.fail("no metric")
        row = next(row for row in self.stack.client("officer").items(f"{GLASS}?review=open") if row["id"] == glass)
        self.assertTrue(row["review_overdue"])
        for _ in range(80):
            found = self.stack.log().count("rule=break-glass;")
            if found:
                break
            time.sleep(0.1)
        time.sleep(2.2)
        self.assertEqual((found, self.stack.log().count("rule=break-glass;")), (1, 1))
        alarm = told(self, self.stack, "break-glass", f"review={glass}", officer="officer")
        self.assertEqual((alarm["acknowledged_at"], "what=overdue" in alarm["detail"]), (None, True), alarm)
        self.assertEqual(len(self.stack.client("officer").items("/api/v1/audit/alarms?rule=break-glass")), 1)
        self.unmet(self.ask(), "REVIEW_OPEN")

    def test_who_sees_openings(self):
        glass = self.opened()
        self.assertEqual([row["id"] for row in self.stack.client("asks").items(GLASS)], [glass])
        self.assertEqual(self.stack.client("asks.too").items(GLASS), [])
        self.assertEqual(self.stack.client("asks.too").get(f"{GLASS}/{glass}").status, 404)
        self.assertEqual(self.stack.client("officer").get(f"{GLASS}/{glass}").json()["reason"], REASON)
        for name in ("k.judge", "ok.sc", "admin.one"):
            self.assertEqual(self.stack.client(name).get(GLASS).status, 403, name)

    def test_who_can_see_what_names_an_opening(self):
        def readers():
            rows = self.stack.client("admin.one").items(f"/api/v1/evaluations/{self.file}/readers")
            return {row["account_id"]: (row["as"], row["by"]) for row in rows}

        def openings(name):
            return self.stack.client("admin.one").get(f"/api/v1/accounts/{self.account(name)}/permissions").json()["break_glass"]
        self.stack.add_accounts({"issuer.sc": ("SC", "-", "issuer", "صادرکننده دیگر")})
        self.assertNotIn(self.account("issuer.sc"), readers())
        approval = self.ask(name="issuer.sc").json()["id"]
        self.assertEqual(self.vote("ok.ago", approval).status, 200)
        self.unmet(self.vote("ok.sc", approval), "OTHER_UNIT")
        self.assertEqual(self.vote("ok.hrd", approval).status, 200)
        self.assertEqual((openings("issuer.sc"), self.stack.client("issuer.sc").get(f"/api/v1/evaluations/{self.file}").status), ([], 404))
        self.assertEqual(self.open(approval, name="issuer.sc").status, 201)
        self.assertEqual(readers()[self.account("issuer.sc")], (["break_glass"], "break_glass"))
        self.assertEqual([(row["id"], row["evaluation_id"]) for row in openings("issuer.sc")], [(approval, self.file)])
        self.assertEqual(openings("asks"), [])
        self.assertEqual(self.act("issuer.sc", approval, "close").status, 200)
        self.assertEqual((openings("issuer.sc"), self.account("issuer.sc") in readers()), ([], False))

    # ---- the judge is told ----

    def log_of(self, index):
        for _ in range(40):
            found = [row for row in self.judge.get(f"/api/v1/judges/{self.judge_id}/access-log?limit=100").json()["items"]
                     if row["index"] == index]
            if found:
                return found[0]
            time.sleep(0.05)
        return None

    def test_the_judge_is_told_at_once_with_the_reason(self):
        glass = self.opened()
        seen = self.read(f"/api/v1/evaluations/{self.file}", glass)
        row = self.log_of(int(seen.header("Audit-Index")))
        self.assertEqual((row["break_glass"]["id"], row["break_glass"]["reason"], row["action"]), (glass, REASON, "evaluation:read"))
        refused = self.stack.client("asks").get(f"/api/v1/evaluations/{self.file}/ratings")
        self.assertIsNone(self.log_of(int(refused.header("Audit-Index")))["break_glass"])
        self.unmet(self.stack.client("officer").post(f"{GLASS}/{glass}/postpone-notice",
                                                     {"until": self.hence(1), "reason": REASON}, headers={"If-Match": '"v1"'}), "NOTICE_OUT")

    def hence(self, days):
        now = self.stack.sql("select extract(epoch from sanjeh.clock_now())")
        return (datetime.datetime.fromtimestamp(float(now), datetime.timezone.utc) + datetime.timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")

    def test_a_postponed_notice_comes_by_itself(self):
        approval = self.asked("ok.sc", "ok.ago")
        path = f"{GLASS}/{approval}/postpone-notice"
        officer = self.stack.client("officer")
        problem(self, officer.post(path, {"until": self.hence(31), "reason": REASON}), 422, "INVALID")
        problem(self, officer.post(path, {"until": self.hence(1), "reason": "کوتاه"}), 422, "INVALID")
        for name in ("asks", "ok.sc", "admin.one", "k.judge"):
            self.assertEqual(self.stack.client(name).post(path, {"until": self.hence(1), "reason": REASON}).status, 403, name)
        self.assertEqual(officer.post(path, {"until": self.hence(2), "reason": REASON}).status, 201)
        problem(self, officer.post(path, {"until": self.hence(3), "reason": REASON}), 409, "CONFLICT")
        early = self.open(approval, evaluation=self.other)  # an attempt on another's file hides nothing of his
        self.unmet(early, "OTHER_OPERATION")
        opened = self.open(approval)
        self.assertEqual(opened.status, 201, opened)
        seen = self.read(f"/api/v1/evaluations/{self.file}", approval)
        for answer in (opened, seen):
            self.assertIsNone(self.log_of(int(answer.header("Audit-Index"))))
        self.advance("2d")
        for answer in (opened, seen):
            self.assertEqual(self.log_of(int(answer.header("Audit-Index")))["break_glass"]["id"], approval)


if __name__ == "__main__":
    unittest.main()
