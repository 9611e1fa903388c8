# SPDX-License-Identifier: Apache-2.0
"""Templates, cycles, evaluations and their clocks through the API, on a server of its own whose evaluation clock runs ahead."""

import time
import unittest

from stack import Stack, problem

ITEMS = [
    {"no": 1, "family": "timeliness", "source": "indicator", "indicator_code": "T01", "name_fa": "نرخ رسیدگی", "name_en": "Clearance", "weight": "30"},
    {"no": 2, "family": "quality", "source": "mark", "name_fa": "اتقان رأی", "name_en": "Soundness", "weight": "30"},
    {"no": 3, "family": "conduct", "source": "mark", "name_fa": "رفتار", "name_en": "Conduct", "weight": "25"},
    {"no": 4, "family": "development", "source": "mark", "name_fa": "آموزش", "name_en": "Development", "weight": "15"},
]
ROSTER = "personnel_number,name\n" + "".join(f"C-{n:03},قاضی نمونه {name}\n" for n, name in
                                             ((1, "الف"), (2, "ب"), (3, "پ"), (31, "ت"), (32, "ث"), (33, "ج")))


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class Cycles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager", "sit.manager", "sc.manager", "jdpd.manager"))
        cls.addClassCleanup(cls.stack.destroy)
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        sent = cls.owner.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        assert sent.status == 201, sent
        cls.judges = {row["personnel_number"]: row["id"] for row in cls.owner.items("/api/v1/judges")}
        cls.stack.add_accounts({name: ("SC", "-", "evaluator", f"عضو {n}", f"HRD:C-{30 + n:03}", "person")
                                for n, name in enumerate(("board.one", "board.two", "board.three"), 1)})
        cls.stack.add_accounts({"cycle.judge": ("-", "-", "judge", "قاضی", "HRD:C-001")})
        cls.judge = cls.stack.client("cycle.judge")

    def template(self, code, items=ITEMS):
        made = self.owner.post("/api/v1/templates", {"code": code, "name_fa": "الگو", "name_en": "Template", "population": "judges",
                                                     "items": items})
        self.assertEqual(made.status, 201, made)
        return made

    def published(self, code):
        made = self.template(code)
        return self.stack.publish(made.json()["id"]).json()["id"]

    def cycle(self, code, judges=("C-001",)):
        made = self.owner.post("/api/v1/cycles", {
            "code": code, "name_fa": "دوره", "name_en": "Cycle", "kind": "annual", "period": "1404", "issuer": "JDP-E",
            "template_id": self.published("T-" + code), "population": {"judges": [self.judges[number] for number in judges]}})
        self.assertEqual(made.status, 201, made)
        return made.json()["id"]

    def read(self, path, client=None):
        answer = (client or self.owner).get(path)
        self.assertEqual(answer.status, 200, answer)
        return answer

    def sign(self, client, cycle):
        return client.post(f"/api/v1/cycles/{cycle}/signatures", {}, headers=tag(self.read(f"/api/v1/cycles/{cycle}", client)))

    def move(self, kind, which, to, client=None, reason=""):
        client = client or self.owner
        path = f"/api/v1/{kind}/{which}"
        return client.post(f"{path}/moves", {"to": to, **({"reason": reason} if reason else {})}, headers=tag(self.read(path, client)))

    def announced(self, code, judges=("C-001",)):
        cycle = self.cycle(code, judges)
        for client in (self.owner, self.issuer):
            done = self.sign(client, cycle)
            self.assertEqual(done.status, 200, done)
        done = self.move("cycles", cycle, "announced")
        self.assertEqual(done.status, 200, done)
        return cycle

    def advance(self, days):
        self.stack.sql("insert into sanjeh.test_clock (ahead) values (interval '%d days') on conflict (only_row) do update "
                       "set ahead = sanjeh.test_clock.ahead + excluded.ahead" % days)

    def as_application(self, statement, unit="HRD"):
        """The statement as the server's role with a genuine context of a unit: what a bug or an injection could do."""
        return self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k,
            (select 'v1.' || extract(epoch from now() + interval '1 minute')::int8 || '.' || id as text from sanjeh.unit where code = '{unit}') c;
            set role sanjeh_app; {statement}""", check=False)

    def wait_for(self, path, state, client=None):
        for _ in range(400):
            answer = self.read(path, client).json()
            if answer["state"] == state:
                return answer
            time.sleep(0.1)
        self.fail(f"{path} stays {answer['state']}: {answer.get('next')}")

    # ---- templates ----

    def test_a_template_needs_weights_of_a_hundred_and_keeps_the_caps(self):
        for code, weights, fault in (("SUM", ("30", "30", "25", "14"), "WEIGHTS"), ("CAP", ("45", "15", "25", "15"), "TIMELINESS"),
                                     ("CONDUCT", ("20", "30", "35", "15"), "CONDUCT")):
            with self.subTest(code):
                made = self.template("W-" + code, [{**item, "weight": weight} for item, weight in zip(ITEMS, weights)])
                self.assertIn(fault, " ".join(made.json()["unmet"]))
                done = self.owner.post(f"/api/v1/templates/{made.json()['id']}/publication", {}, headers=tag(made))
                problem(self, done, 409, "GUARD_UNMET")

    def test_the_supreme_court_consents_to_what_is_published(self):
        """A joint decision: without its consent to the draft as it stands nothing is published, by the server nor in the database."""
        made = self.template("CONSENT")
        which = made.json()["id"]
        path = f"/api/v1/templates/{which}"
        court = self.stack.client("sc.manager")
        self.assertEqual(made.json()["unmet"], ["CONSENT_MISSING"])
        problem(self, self.owner.post(f"{path}/publication", {}, headers=tag(made)), 409, "GUARD_UNMET")
        for name in ("hrd.manager", "jdpe.manager", "sit.manager", "cycle.judge"):
            refused = self.stack.client(name).post(f"{path}/consent", {}, headers=tag(made))
            self.assertIn(refused.status, (403, 404), name)
        problem(self, court.patch(path, {"name_en": "Ours"}, headers=tag(made)), 403, "FORBIDDEN")
        problem(self, court.post(f"{path}/consent", {}, headers={"If-Match": '"v99"'}), 412, "PRECONDITION_FAILED")
        given = court.post(f"{path}/consent", {}, headers=tag(self.read(path, court)))
        self.assertEqual((given.status, given.json()["unmet"]), (200, []), given)
        self.assertEqual(given.json()["consented_by"], self.stack.accounts["sc.manager"]["id"])
        problem(self, court.post(f"{path}/consent", {}, headers=tag(given)), 412, "PRECONDITION_FAILED")
        for context, statement, constraint in (
                ("HRD", f"update sanjeh.template_item set weight = 1 where template_id = '{which}'", "permission denied"),
                ("HRD", f"delete from sanjeh.template_item where template_id = '{which}'", "template stay as they are"),
                ("HRD", f"update sanjeh.template set name_en = 'x' where id = '{which}'", "was consented to stays"),
                ("SC", f"update sanjeh.template set name_en = 'x', consented_by = null, consented_at = null where id = '{which}'",
                 "who consents changes nothing else")):
            done = self.as_application(statement, context)
            self.assertIn(constraint, done.stderr, statement)
        changed = self.owner.patch(path, {"items": ITEMS}, headers=tag(given))
        self.assertEqual((changed.status, changed.json()["unmet"]), (200, ["CONSENT_MISSING"]), "a change takes the consent away")
        done = self.as_application(f"update sanjeh.template set consented_by = id, consented_at = now() where id = '{which}'", "SC")
        self.assertIn("consents for himself", done.stderr)
        for statement in (f"update sanjeh.template set consented_by = id, consented_at = now() where id = '{which}'",
                          f"update sanjeh.template set state = 'published', published_at = now() where id = '{which}'"):
            self.assertIn("onsent", self.as_application(statement).stderr.replace("CONSENT", "Consent"), statement)
        self.assertEqual(self.stack.publish(which).json()["state"], "published")
        problem(self, court.post(f"{path}/consent", {}, headers=tag(self.read(path, court))), 409, "NO_SUCH_MOVE")

    def test_one_person_does_not_consent_and_publish(self):
        """Joint by person: an account in each office is still one person."""
        self.stack.add_accounts({"both.sc": ("SC", "-", "sample-office", "همان شخص", "HRD:C-033", "person"),
                                 "both.hrd": ("HRD", "-", "process-owner", "همان شخص", "HRD:C-033", "person")})
        path = f"/api/v1/templates/{self.template('BOTH').json()['id']}"
        court, owner = (self.stack.client(name) for name in ("both.sc", "both.hrd"))
        self.assertEqual(court.post(f"{path}/consent", {}, headers=tag(self.read(path, court))).status, 200)
        refused = owner.post(f"{path}/publication", {}, headers=tag(self.read(path, owner)))
        self.assertEqual([fault["code"] for fault in problem(self, refused, 409, "GUARD_UNMET")["errors"]], ["CONSENTER_PUBLISHES"])
        self.assertEqual(self.read(path).json()["state"], "draft")
        self.assertEqual(self.owner.post(f"{path}/publication", {}, headers=tag(self.read(path))).status, 200)

    def test_a_published_template_never_changes(self):
        which = self.published("T-FIXED")
        answer = self.read(f"/api/v1/templates/{which}")
        done = self.owner.patch(f"/api/v1/templates/{which}", {"name_en": "Other"}, headers=tag(answer))
        problem(self, done, 409, "CONFLICT")
        done = self.as_application(f"delete from sanjeh.template_item where template_id = '{which}'")
        self.assertIn("template_item", done.stderr, "the database lets a published item go")
        done = self.as_application(f"update sanjeh.template set name_en = 'Other' where id = '{which}'")
        self.assertIn("template", done.stderr, "the database lets a published template change")
        gone = self.owner.post(f"/api/v1/templates/{which}/withdrawal", {}, headers=tag(answer))
        self.assertEqual((gone.status, gone.json()["state"]), (200, "withdrawn"), gone)
        again = self.owner.post(f"/api/v1/templates/{which}/withdrawal", {}, headers=tag(gone))
        problem(self, again, 409, "NO_SUCH_MOVE")

    # ---- cycles ----

    def test_a_cycle_takes_two_offices_and_is_announced_with_its_criteria(self):
        cycle = self.cycle("TWO")
        drafted = self.owner.patch(f"/api/v1/cycles/{cycle}", {"coverage_min": 12}, headers=tag(self.read(f"/api/v1/cycles/{cycle}")))
        self.assertEqual((drafted.status, drafted.json()["coverage_min"]), (200, 12), drafted)
        self.assertEqual(self.sign(self.owner, cycle).status, 200)
        again = self.sign(self.owner, cycle)
        self.assertIn(again.status, (403, 409), again)
        problem(self, self.move("cycles", cycle, "announced"), 409)
        self.assertEqual(self.stack.client("sit.manager").get(f"/api/v1/cycles/{cycle}").status, 403)
        self.assertEqual(self.sign(self.issuer, cycle).json()["state"], "approved")
        self.assertEqual(self.judge.get(f"/api/v1/cycles/{cycle}").status, 404)
        done = self.move("cycles", cycle, "announced")
        self.assertEqual(done.status, 200, done)
        self.assertRegex(done.json()["criteria_sha256"], "^[0-9a-f]{64}$")
        self.assertEqual(self.judge.get(f"/api/v1/cycles/{cycle}").status, 200)
        changed = self.owner.patch(f"/api/v1/cycles/{cycle}", {"coverage_min": 10}, headers=tag(self.read(f"/api/v1/cycles/{cycle}")))
        problem(self, changed, 409, "CONFLICT")
        done = self.as_application(f"update sanjeh.cycle set coverage_min = 10 where id = '{cycle}'")
        self.assertIn("cycle", done.stderr, "the database lets announced criteria change")

    def test_planning_tells_who_is_in_and_plans_nobody_twice(self):
        cycle = self.announced("PLAN", ("C-001", "C-002"))
        self.assertEqual(self.owner.post(f"/api/v1/cycles/{cycle}/evaluations?dry_run=true", {}).status, 200)
        self.assertEqual(self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}"), [])
        for _ in range(2):
            self.assertEqual(self.owner.post(f"/api/v1/cycles/{cycle}/evaluations", {}).status, 200)
        planned = self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}")
        self.assertEqual({row["judge_id"] for row in planned}, {self.judges["C-001"], self.judges["C-002"]})
        self.assertEqual({row["state"] for row in planned}, {"planned"})
        self.assertEqual(self.judge.items(f"/api/v1/evaluations?cycle_id={cycle}"), [], "a planned one is not the judge's to see")

    # ---- evaluations and clocks ----

    def seated(self, code):
        cycle = self.announced(code)
        empty = self.move("cycles", cycle, "open")
        problem(self, empty, 409, "GUARD_UNMET")
        self.assertEqual(self.owner.post(f"/api/v1/cycles/{cycle}/evaluations", {}).status, 200)
        done = self.move("cycles", cycle, "open")
        self.assertEqual(done.status, 200, done)
        evaluation = self.owner.items(f"/api/v1/evaluations?cycle_id={cycle}")[0]["id"]
        refused = self.move("evaluations", evaluation, "notified")
        problem(self, refused, 409, "GUARD_UNMET")
        ids = {name: account["id"] for name, account in self.stack.accounts.items()}
        board = self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "هیأت یکم", "kind": "first", "members": [
            {"account_id": ids["board.one"], "capacity": "chair"}, {"account_id": ids["board.two"], "capacity": "member"},
            {"account_id": ids["board.three"], "capacity": "rapporteur"}]})
        self.assertEqual(board.status, 201, board)
        seats = self.owner.post(f"/api/v1/evaluations/{evaluation}/seats", {"board_id": board.json()["id"]})
        self.assertIn(seats.status, (200, 201), seats)
        return cycle, evaluation

    def test_nobody_of_the_disciplinary_branch_sits_on_a_board(self):
        cycle = self.announced("NODISC")
        done = self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "هیأت", "kind": "first", "members": [
            {"account_id": self.stack.accounts["jdpd.manager"]["id"], "capacity": "chair"}]})
        self.assertEqual(done.status, 422, done)
        self.assertIn("EXCLUDED_UNIT", done.body.decode())

    def test_the_judge_is_told_and_the_challenge_clock_lapses_by_itself(self):
        cycle, evaluation = self.seated("LAPSE")
        path = f"/api/v1/evaluations/{evaluation}"
        told = self.move("evaluations", evaluation, "notified")
        self.assertEqual(told.status, 200, told)
        self.assertEqual(self.read(path, self.judge).json()["state"], "notified")
        running = {row["code"]: row for row in self.judge.items(f"/api/v1/deadlines?evaluation_id={evaluation}")}
        self.assertLessEqual({"challenge", "self_assessment", "contest"}, set(running))
        self.assertEqual({row["state"] for row in running.values()}, {"open"})
        early = self.move("evaluations", evaluation, "collecting")
        problem(self, early, 409, "GUARD_UNMET")
        self.advance(12)
        self.wait_for(path, "collecting")
        lapsed = {row["code"]: row["state"] for row in self.judge.items(f"/api/v1/deadlines?evaluation_id={evaluation}")}
        self.assertEqual(lapsed["challenge"], "lapsed")
        events = self.owner.items(f"{path}/events")
        self.assertEqual([(row["from"], row["to"]) for row in events], [("planned", "notified"), ("notified", "collecting")])
        frozen = self.move("evaluations", evaluation, "frozen")
        problem(self, frozen, 409, "GUARD_UNMET")

    def test_of_two_who_change_one_evaluation_one_is_told(self):
        _, evaluation = self.seated("RACE")
        path = f"/api/v1/evaluations/{evaluation}"
        first = self.read(path)
        self.assertEqual(self.owner.post(f"{path}/moves", {"to": "notified"}, headers=tag(first)).status, 200)
        second = self.owner.post(f"{path}/moves", {"to": "suspended", "reason": "مرخصی"}, headers=tag(first))
        problem(self, second, 412, "PRECONDITION_FAILED")
        problem(self, self.owner.post(f"{path}/moves", {"to": "suspended"}), 428, "PRECONDITION_REQUIRED")
        self.assertEqual(self.read(path).json()["state"], "notified")

    def test_a_suspended_evaluation_keeps_the_days_that_were_left(self):
        _, evaluation = self.seated("STOP")
        path = f"/api/v1/evaluations/{evaluation}"
        self.assertEqual(self.move("evaluations", evaluation, "notified").status, 200)
        self.assertEqual(self.move("evaluations", evaluation, "suspended", reason="مرخصی طولانی").status, 200)
        self.advance(40)
        time.sleep(3)
        self.assertEqual(self.read(path).json()["state"], "suspended")
        stopped = {row["state"] for row in self.owner.items(f"/api/v1/deadlines?evaluation_id={evaluation}")}
        self.assertEqual(stopped, {"stopped"})
        self.assertEqual(self.move("evaluations", evaluation, "notified", reason="بازگشت").status, 200)
        running = {row["state"] for row in self.owner.items(f"/api/v1/deadlines?evaluation_id={evaluation}")}
        self.assertEqual(running, {"open"})

    def test_a_move_that_does_not_exist_is_refused_by_name(self):
        _, evaluation = self.seated("NOMOVE")
        problem(self, self.move("evaluations", evaluation, "issued"), 409, "NO_SUCH_MOVE")
        done = self.as_application(f"update sanjeh.evaluation set state = 'issued' where id = '{evaluation}'")
        self.assertIn("no move from planned to issued", done.stderr, "the database makes a move that does not exist")
        problem(self, self.move("evaluations", evaluation, "nowhere"), 422)

    # ---- calendar ----

    def test_a_deadline_ends_on_a_working_day_in_tehran(self):
        plain = self.read("/api/v1/calendar/deadline?start=2026-03-01&days=12").json()
        self.assertEqual((plain["day"], plain["day_jalali"]), ("2026-03-14", "1404-12-23"), "13 March 2026 is a Friday")
        self.assertEqual(plain["due_at"], "2026-03-14T20:29:59.999999Z")
        added = self.owner.post("/api/v1/calendar/holidays", {"day": "2026-03-14", "name_fa": "آزمون", "name_en": "Test", "source": "test"})
        self.assertEqual(added.status, 201, added)
        self.assertEqual(self.read("/api/v1/calendar/deadline?start=2026-03-01&days=12").json()["day"], "2026-03-15")

    def test_a_holiday_that_has_not_come_can_be_removed(self):
        def days(query):
            return [row["day"] for row in self.owner.items(f"/api/v1/calendar/holidays?{query}")]
        for day in ("2020-05-04", "2031-05-05", "2031-05-06"):
            added = self.owner.post("/api/v1/calendar/holidays", {"day": day, "name_fa": "آزمون", "name_en": "Test", "source": "test"})
            self.assertEqual(added.status, 201, added)
        self.assertEqual(days("from=2031-05-05&to=2031-05-06"), ["2031-05-05", "2031-05-06"])
        self.assertEqual(days("from=2031-05-06&to=2031-05-06"), ["2031-05-06"])
        self.assertEqual(days("from=2031-05-06&to=2031-05-05"), [])
        problem(self, self.owner.get("/api/v1/calendar/holidays?from=yesterday"), 400)
        problem(self, self.issuer.request("DELETE", "/api/v1/calendar/holidays/2031-05-05"), 403)
        self.assertEqual(self.owner.request("DELETE", "/api/v1/calendar/holidays/2031-05-05").status, 204)
        problem(self, self.owner.request("DELETE", "/api/v1/calendar/holidays/2031-05-05"), 404)
        problem(self, self.owner.request("DELETE", "/api/v1/calendar/holidays/2020-05-04"), 404)
        problem(self, self.owner.request("DELETE", "/api/v1/calendar/holidays/someday"), 404)
        self.assertEqual(days("from=2031-05-05&to=2031-05-06"), ["2031-05-06"])
        self.assertEqual(days("from=2020-05-04&to=2020-05-04"), ["2020-05-04"])

    def test_a_server_that_is_not_told_so_does_not_start_under_a_test_clock(self):
        stack = Stack.own(accounts=("hrd.manager",))
        self.addCleanup(stack.destroy)
        stack.stop()
        stack.cluster("start")
        stack.sql("insert into sanjeh.test_clock (ahead) values (interval '1 day')")
        refused = stack.start(check=False)
        self.assertNotEqual(refused.returncode, 0, refused)
        self.assertIn("[evaluation] test_clock", (stack.folder / "sanjehd.log").read_text(errors="replace"))
        stack.env["SANJEH_EVALUATION_TEST_CLOCK"] = "1"
        stack.start()
        self.assertEqual(stack.client("hrd.manager").get("/api/v1/clocks").json()["test_clock_ahead_s"], 86400)

    def test_the_clock_that_runs_ahead_is_shown(self):
        self.advance(1)
        self.assertGreaterEqual(self.read("/api/v1/clocks").json()["test_clock_ahead_s"], 86400)


if __name__ == "__main__":
    unittest.main()
