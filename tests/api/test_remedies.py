# SPDX-License-Identifier: Apache-2.0
"""What protects a judge inside an evaluation, through the API, and those who must not get in.

The database's owner puts each evaluation into the state that a test begins with; everything after that goes through the routes."""

import datetime
import unittest
import uuid

from approval_case import correction
from stack import SharedTest, problem

ACCOUNTS = {
    "remedy.pic": ("PIC", "-", "gate-keeper", "پاسخ‌دهنده حفاظت"),
    "remedy.hrd": ("HRD", "-", "gate-keeper", "پاسخ‌دهنده اظهارنامه"),
}
SEATS = {"board.one": "chair", "board.two": "member", "board.three": "rapporteur"}
APPEAL = {"appeal.one": "appeal_chair", "appeal.two": "appeal_member", "appeal.three": "appeal_member"}
CLOCKS = ("self_assessment", "reply", "reply_extension", "appeal", "appeal_decision", "draft")
VARIED = [{"item_no": 1, "mark": "55", "reason": "بند یکم"}]
PLAIN = {"kind": "document", "title": "گواهی", "text": "متن گواهی"}


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class Remedies(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        for name, account in ACCOUNTS.items():
            if name not in cls.stack.accounts:
                cls.stack.add_accounts({name: account})
        cls.judge, cls.other = cls.stack.client("judge.one"), cls.stack.client("judge.two")
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        cls.discipline = cls.stack.client("jdpd.manager")
        cls.chair, cls.member = cls.stack.client("board.one"), cls.stack.client("board.two")

    def evaluation(self, state, seats=SEATS, clocks=(), ended=()):
        """Id of a fresh evaluation of judge.one in this state, in a cycle of its own."""
        judge = self.judge.get("/api/v1/me").json()["judge_id"]
        evaluation, cycle, template = (str(uuid.uuid4()) for _ in range(3))
        code = "M" + cycle[:8].upper()
        order = ("collecting", "frozen", "rating", "drafted", "disclosed", "replied", "decided", "gated", "issued", "acknowledged", "final")
        reached = order.index("replied" if state == "reply_lapsed" else state)
        at = {name: "now()" if reached >= order.index(start) else "null" for name, start in
              (("notified_at", "collecting"), ("frozen_at", "frozen"), ("marks_locked_at", "drafted"),
               ("disclosed_at", "disclosed"), ("issued_at", "issued"))}
        rows = [f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id,
                ended_at, ended_reason) select h.id, '{evaluation}', a.id, coalesce(a.person, a.id), '{capacity}', true, '{judge}', e.id,
                {"now(), 'replaced'" if name in ended else "null, null"}
                from sanjeh.unit h, sanjeh.unit e, (select '{self.stack.accounts[name]["id"]}'::uuid as id,
                    nullif('{self.stack.accounts[name].get("person_judge") or ""}', '')::uuid as person) a
                where h.code = 'HRD' and e.code = 'JDP-E';""" for name, capacity in seats.items()]
        rows += [f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select id, '{cycle}', '{clock}', 15, "
                 "'calendar' from sanjeh.unit where code = 'HRD';" for clock in CLOCKS]
        rows += [f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at)
                select id, gen_random_uuid(), '{evaluation}', '{clock}', 'judge', now(), now() + interval '15 days'
                from sanjeh.unit where code = 'HRD';""" for clock in clocks]
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
                select id, '{template}', '{code}', 1, 'الگو', 'Template', 'judges', 'published', id, now()
                from sanjeh.unit where code = 'HRD';
            insert into sanjeh.template_item (unit_id, template_id, no, family, source, name_fa, name_en, weight)
                select id, '{template}', 1, 'quality', 'mark', 'معیار', 'Criterion', 100 from sanjeh.unit where code = 'HRD';
            insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
                issuer_scope_id, state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at, frozen_at,
                criteria_sha256, created_by)
                select h.id, '{cycle}', '{code}', 'ارزیابی', 'Evaluation', 'annual', '2025-03-21', '2026-03-20', '{template}',
                    j.id, e.id, 'deciding', h.id, now(), j.id, now(), now(), now(), sha256('criteria'), h.id
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
            insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id, state,
                {", ".join(at)})
                select h.id, '{evaluation}', '{cycle}', r.unit_id, r.id, j.id, e.id, '{state}', {", ".join(at.values())}
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e, sanjeh.judge r
                where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E' and r.id = '{judge}';
            {" ".join(rows)}
            commit;""")
        return evaluation

    def state(self, evaluation):
        return self.stack.sql(f"select state from sanjeh.evaluation where id = '{evaluation}'")

    def put(self, evaluation, state, **columns):
        more = "".join(f", {name} = {value}" for name, value in columns.items())
        self.stack.sql(f"update sanjeh.evaluation set state = '{state}'{more} where id = '{evaluation}'")

    def made(self, answer):
        self.assertEqual(answer.status, 201, answer)
        return answer

    def ok(self, answer):
        self.assertEqual(answer.status, 200, answer)
        return answer

    def same(self, first, second):
        """One record twice, under one tag; a writing answer tells its times some milliseconds before they are stored."""
        self.assertIsNotNone(first.header("ETag"))
        self.assertEqual(first.header("ETag"), second.header("ETag"))
        self.assertEqual(*({key: value and value[:13] if key.endswith("_at") else value for key, value in answer.json().items()}
                           for answer in (first, second)))

    def unmet(self, answer, code):
        document = problem(self, answer, 409, "GUARD_UNMET")
        self.assertIn(code, [fault["code"] for fault in document["errors"]], document)

    def nobody_else(self, path, clients):
        for name in clients:
            with self.subTest(f"{name} {path}"):
                self.assertIn(self.stack.client(name).get(path).status, (403, 404))

    # ---- self-assessment ----

    def assess(self, evaluation, **members):
        return self.judge.post("/api/v1/self-assessments", {"evaluation_id": evaluation, **members})

    def test_a_judge_saves_changes_and_submits_a_self_assessment(self):
        evaluation = self.evaluation("collecting", clocks=("self_assessment",))
        made = self.made(self.assess(evaluation, achievements="  دستاورد  ", own_marks=[{"item_no": 1, "mark": "۸۷.۵"}]))
        path = f"/api/v1/self-assessments/{made.json()['id']}"
        self.assertEqual(made.json()["achievements"], "دستاورد")
        self.assertEqual(made.json()["own_marks"], [{"item_no": 1, "mark": "87.50", "comment": None}])
        for client in (self.chair, self.issuer, self.other):
            self.assertEqual(client.get(path).status, 404, "a draft is the judge's alone")
        changed = self.ok(self.judge.patch(path, {"constraints": "نبود منشی"}, headers=tag(made)))
        self.assertEqual((changed.json()["achievements"], changed.json()["constraints"]), ("دستاورد", "نبود منشی"))
        self.assertEqual(len(changed.json()["own_marks"]), 1)
        problem(self, self.judge.patch(path, {"constraints": "دیگر"}, headers=tag(made)), 412)
        problem(self, self.judge.patch(path, {"constraints": "دیگر"}), 428)
        done = self.ok(self.judge.post(f"{path}/submit", headers=tag(changed)))
        self.assertEqual(done.json()["state"], "submitted")
        self.assertEqual(self.stack.sql(f"select state from sanjeh.deadline where evaluation_id = '{evaluation}'"), "met")
        for client in (self.chair, self.issuer):
            self.assertEqual(self.ok(client.get(path)).json()["constraints"], "نبود منشی")
        self.unmet(self.judge.patch(path, {"constraints": "پس از ارسال"}, headers=tag(done)), "SUBMITTED")
        self.nobody_else(path, ("judge.two", "hrd.manager", "jdpd.manager", "sc.manager", "admin.one"))
        stored = self.stack.sql(f"select encode(body_ct, 'escape') from sanjeh.self_assessment where evaluation_id = '{evaluation}'")
        self.assertNotIn("constraints", stored)

    def test_a_self_assessment_is_refused_when_it_is_late_foreign_or_hostile(self):
        frozen, evaluation = self.evaluation("frozen"), self.evaluation("collecting")
        self.unmet(self.assess(frozen, achievements="دیر"), "FROZEN")
        body = {"evaluation_id": evaluation, "achievements": "دیگری"}
        problem(self, self.other.post("/api/v1/self-assessments", body), 404)
        problem(self, self.owner.post("/api/v1/self-assessments", body), 403)
        for members in ({"achievements": "a\u202eb"}, {"achievements": "a\u0007"}, {"training_needs": "x" * 8001},
                        {"own_marks": [{"item_no": 1, "mark": "101"}]}, {"own_marks": [{"item_no": 0, "mark": "1"}]},
                        {"own_marks": [{"item_no": 1, "mark": "1"}] * 2}, {"own_marks": [{"item_no": 1, "mark": "1", "x": 1}]}):
            with self.subTest(str(members)[:60]):
                problem(self, self.assess(evaluation, **members), 422, "INVALID")
        problem(self, self.assess(evaluation, score="99"), 400, "UNKNOWN_MEMBER")
        self.made(self.assess(evaluation))
        problem(self, self.assess(evaluation), 409, "DUPLICATE")

    # ---- evidence ----

    def test_evidence_is_offered_and_decided_with_a_reason(self):
        evaluation = self.evaluation("collecting", ended=("board.three",))
        offer = f"/api/v1/evaluations/{evaluation}/evidence"
        made = self.made(self.judge.post(offer, PLAIN))
        self.assertEqual((made.json()["offered_as"], made.json()["state"]), ("judge", "offered"))
        of_seat = self.made(self.member.post(offer, {**PLAIN, "sha256": "ab" * 32}))
        self.assertEqual((of_seat.json()["offered_as"], of_seat.json()["sha256"]), ("seat", "ab" * 32))
        one = f"/api/v1/evidence/{made.json()['id']}"
        for client in (self.judge, self.chair, self.issuer):
            self.same(made, self.ok(client.get(one)))
        self.same(of_seat, self.ok(self.chair.get(f"/api/v1/evidence/{of_seat.json()['id']}")))
        problem(self, self.judge.get(f"/api/v1/evidence/{of_seat.json()['id']}"), 404)
        self.nobody_else(one, ("judge.two", "hrd.manager", "board.three", "jdpd.manager"))
        problem(self, self.stack.client("board.three").post(offer, PLAIN), 404)
        problem(self, self.other.post(offer, PLAIN), 404)
        decide = f"{one}/decision"
        problem(self, self.chair.post(decide, {"decision": "refused"}, headers=tag(made)), 422, "INVALID")
        problem(self, self.judge.post(decide, {"decision": "admitted"}, headers=tag(made)), 403)
        done = self.ok(self.chair.post(decide, {"decision": "refused", "reason": "بی‌ارتباط"}, headers=tag(made)))
        self.assertEqual((done.json()["state"], done.json()["decision"]), ("refused", {"reason": "بی‌ارتباط"}))
        self.same(done, self.ok(self.judge.get(one)))
        problem(self, self.chair.post(decide, {"decision": "admitted"}, headers=tag(made)), 412)
        mine = [item["id"] for item in self.judge.items(f"/api/v1/evidence?evaluation_id={evaluation}")]
        self.assertEqual(mine, [made.json()["id"]], "what a seat offered is shown at disclosure")

    # ---- reply ----

    def test_a_reply_is_answered_point_by_point(self):
        evaluation = self.evaluation("disclosed", clocks=("reply",))
        create = f"/api/v1/evaluations/{evaluation}/replies"
        problem(self, self.chair.post(create, {"points": ["نکته"]}), 403)
        problem(self, self.judge.post(create, {"points": []}), 422, "INVALID")
        draft = self.made(self.judge.post(create, {"points": ["نکته یکم"]}))
        path = f"/api/v1/replies/{draft.json()['id']}"
        self.assertEqual(self.chair.get(path).status, 404)
        changed = self.ok(self.judge.patch(path, {"points": ["نکته یکم", "نکته دوم"], "statement": "بیان"}, headers=tag(draft)))
        self.ok(self.judge.post(f"{path}/submit", headers=tag(changed)))
        self.assertEqual(self.state(evaluation), "replied")
        seen = self.ok(self.chair.get(path)).json()
        self.assertEqual([(point["no"], point["text"], point["answer"]) for point in seen["answers"]],
                         [(1, "نکته یکم", None), (2, "نکته دوم", None)])
        self.nobody_else(path, ("judge.two", "hrd.manager", "jdpd.manager", "reviewer.one", "appeal.one"))
        problem(self, self.judge.post(f"{path}/points/1/answer", {"text": "خودم"}), 403)
        self.ok(self.member.post(f"{path}/points/1/answer", {"text": "پاسخ یکم"}))
        problem(self, self.chair.post(f"{path}/points/1/answer", {"text": "دوباره"}), 409, "CONFLICT")
        problem(self, self.chair.post(f"{path}/points/3/answer", {"text": "نیست"}), 404)
        answers = self.ok(self.judge.get(path)).json()["answers"]
        self.assertEqual([point["answer"] for point in answers], [{"text": "پاسخ یکم"}, None])
        verdict = {"items": [{"item_no": 1, "outcome": "unchanged"}], "narrative": "گزارش"}
        answer = self.chair.post(f"/api/v1/evaluations/{evaluation}/verdicts", verdict)
        document = problem(self, answer, 409, "GUARD_UNMET")
        self.assertEqual([fault["code"] for fault in document["errors"]], ["NO_DRAFT"])
        self.assertEqual(self.state(evaluation), "replied")

    def test_an_interview_is_asked_for_and_recorded(self):
        evaluation = self.evaluation("disclosed")
        ask = f"/api/v1/evaluations/{evaluation}/interviews"
        problem(self, self.chair.post(ask, {"text": "گفتگو"}), 403)
        asked = self.made(self.judge.post(ask, {"text": "درباره بند دوم"}))
        one = f"/api/v1/interviews/{asked.json()['id']}"
        record = f"{one}/record"
        for client in (self.judge, self.chair, self.issuer):
            self.same(asked, self.ok(client.get(one)))
        self.nobody_else(one, ("judge.two", "hrd.manager", "jdpd.manager", "appeal.one"))
        body = {"held_on": "1404-09-01", "attended": True, "attendance": "قاضی و هیئت", "text": "صورت‌جلسه"}
        problem(self, self.judge.post(record, body, headers=tag(asked)), 403)
        done = self.ok(self.chair.post(record, body, headers=tag(asked)))
        self.same(done, self.ok(self.judge.get(one)))
        done = done.json()
        self.assertEqual((done["state"], done["held_on"], done["minutes"]["text"]), ("held", "2025-11-22", "صورت‌جلسه"))
        self.assertEqual(self.judge.items(f"/api/v1/interviews?evaluation_id={evaluation}")[0]["minutes"]["attendance"], "قاضی و هیئت")

    # ---- disclosure, verdict ----

    def test_nothing_is_served_without_a_draft_and_only_by_the_issuer(self):
        evaluation = self.evaluation("drafted")
        serve = f"/api/v1/evaluations/{evaluation}/disclosures"
        self.unmet(self.issuer.post(serve), "NO_DRAFT")
        for client in (self.owner, self.judge, self.chair, self.discipline):
            self.assertIn(client.post(serve).status, (403, 404))
        self.assertEqual(self.state(evaluation), "drafted")

    def test_only_the_chair_gives_a_verdict_and_a_change_has_a_reason(self):
        evaluation = self.evaluation("reply_lapsed")
        path = f"/api/v1/evaluations/{evaluation}/verdicts"
        verdict = {"items": [{"item_no": 1, "outcome": "unchanged"}], "narrative": "گزارش"}
        for client in (self.member, self.stack.client("board.three")):
            problem(self, client.post(path, verdict), 403)
        for items in ([], [{"item_no": 1, "outcome": "changed"}], [{"item_no": 1, "outcome": "better"}], [{"item_no": 1, "outcome": "unchanged"}] * 2):
            with self.subTest(items):
                problem(self, self.chair.post(path, {**verdict, "items": items}), 422, "INVALID")
        problem(self, self.chair.post(path, {**verdict, "score": "100.00"}), 400, "UNKNOWN_MEMBER")

    # ---- gates ----

    def answer(self, client, gate, **members):
        day = (datetime.date.today() + datetime.timedelta(days=100)).isoformat()
        return client.post(f"/api/v1/gates/{gate['id']}/answer", {"value": "clear", "expires_on": day, **members},
                           headers={"If-Match": f'"v{gate["version"]}"'})

    def test_gates_are_asked_after_the_lock_and_answered_by_the_unit_alone(self):
        early = self.evaluation("rating")
        self.unmet(self.issuer.post(f"/api/v1/evaluations/{early}/gates/ask", {"purpose": "promotion"}), "GATE_BEFORE_LOCK")
        evaluation = self.evaluation("decided", ended=("board.three",))
        ask = f"/api/v1/evaluations/{evaluation}/gates/ask"
        for client in (self.owner, self.chair, self.judge, self.discipline):
            self.assertIn(client.post(ask, {"purpose": "promotion"}).status, (403, 404))
        asked = self.made(self.issuer.post(ask, {"purpose": "promotion"})).json()["items"]
        self.assertEqual(sorted(gate["gate"] for gate in asked), ["D01", "D02", "D03", "D04"])
        problem(self, self.issuer.post(ask, {"purpose": "promotion"}), 409, "DUPLICATE")
        ids = {gate["id"] for gate in asked}

        def seen(client):
            return {gate["gate"]: gate for gate in client.items("/api/v1/gates") if gate["id"] in ids}
        pic, hrd = self.stack.client("remedy.pic"), self.stack.client("remedy.hrd")
        mine = seen(self.discipline)
        self.assertEqual(sorted(mine), ["D01", "D02"])
        self.assertTrue(all(gate["evaluation_id"] is None and gate["purpose"] == "promotion" for gate in mine.values()))
        self.assertEqual(sorted(seen(pic)), ["D03"])
        self.assertEqual(self.discipline.get(f"/api/v1/evaluations/{evaluation}").status, 403)
        self.assertEqual(seen(self.judge), {}, "the judge sees an answer, not a question")
        problem(self, self.answer(pic, mine["D01"]), 404)
        problem(self, self.answer(self.discipline, {**mine["D01"], "version": 9}), 412)

        for code, members in {"NOT_FINAL": {"value": "remark", "gist": "خلاصه", "degree": 3},
                              "DEGREE_NOT_ENTERED": {"value": "remark", "gist": "خلاصه", "degree": 1, "final_judgment_no": "12"},
                              "REQUIRED": {"value": "remark", "degree": 3, "final_judgment_no": "12"},
                              "UNKNOWN_VALUE": {"value": "pending"}, "OUT_OF_RANGE": {"expires_on": "2020-01-01"},
                              "NOT_OF_THIS_ANSWER": {"degree": 3}}.items():
            with self.subTest(code):
                document = problem(self, self.answer(self.discipline, mine["D02"], **members), 422, "INVALID")
                self.assertEqual([fault["code"] for fault in document["errors"]], [code])
        far = (datetime.date.today() + datetime.timedelta(days=400)).isoformat()
        problem(self, self.answer(pic, seen(pic)["D03"], expires_on=far), 422, "INVALID")

        held = self.ok(self.answer(self.discipline, mine["D02"], value="remark", gist="محکومیت قطعی", degree=4, final_judgment_no="۱۲"))
        self.assertEqual(held.json()["effect"], "hold")
        problem(self, self.answer(self.discipline, {**mine["D02"], "version": 2}), 409, "CONFLICT")
        self.ok(self.answer(self.discipline, mine["D01"]))
        problem(self, self.answer(pic, seen(pic)["D03"], value="remark"), 422, "INVALID")  # no servable gist
        self.assertEqual(self.ok(self.answer(pic, seen(pic)["D03"])).json()["effect"], "none")
        self.ok(self.answer(hrd, seen(hrd)["D04"]))

        gate = seen(self.judge)["D02"]
        self.assertEqual((gate["gist"], gate["final_judgment_no"], gate["evaluation_id"]), ("محکومیت قطعی", "۱۲", evaluation))
        for client in (self.chair, self.issuer):
            gate = seen(client)["D02"]
            self.assertEqual((gate["value"], gate["gist"], gate["final_judgment_no"]), ("remark", None, None), "the gate alone")
        self.assertEqual((seen(self.owner)["D02"]["value"], seen(self.owner)["D02"]["gist"]), ("remark", None))
        for name in ("judge.two", "board.three", "reviewer.one"):
            self.assertEqual([gate for gate in self.stack.client(name).get("/api/v1/gates").json().get("items", []) if gate["id"] in ids], [])
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.evaluation_event where evaluation_id = '{evaluation}'"), "0")

    # ---- after the card ----

    def test_a_judge_acknowledges_without_agreeing(self):
        path = f"/api/v1/evaluations/{self.evaluation('gated')}/acknowledgement"
        self.unmet(self.judge.post(path, {"kind": "agree"}), "NOT_ISSUED")
        evaluation = self.evaluation("issued")
        path = f"/api/v1/evaluations/{evaluation}/acknowledgement"
        problem(self, self.judge.post(path, {"kind": "maybe"}), 422, "INVALID")
        problem(self, self.judge.post(path, {"kind": "agree", "statement": "واژه " * 101}), 422, "INVALID")
        problem(self, self.other.post(path, {"kind": "agree"}), 404)
        done = self.made(self.judge.post(path, {"kind": "read_but_disagree", "statement": "واژه " * 100}))
        self.assertEqual((done.json()["kind"], self.state(evaluation)), ("read_but_disagree", "acknowledged"))

    def appealed(self, **more):
        evaluation = self.evaluation("issued", seats={**SEATS, **APPEAL}, clocks=("appeal",), **more)
        return evaluation, self.made(self.judge.post(f"/api/v1/evaluations/{evaluation}/appeals", {"grounds": "دلایل"}))

    def test_an_appeal_is_decided_by_the_votes_of_others(self):
        for outcome, state in (("rejected", "final"), ("varied", "varied"), ("remanded", "rating")):
            with self.subTest(outcome):
                evaluation, made = self.appealed()
                self.assertEqual(self.state(evaluation), "appealed")
                path = f"/api/v1/appeals/{made.json()['id']}"
                self.nobody_else(path, ("judge.two", "hrd.manager", "jdpd.manager", "reviewer.one"))
                vote = {"outcome": outcome, "reason": "به دلیل"}
                decision = {"outcome": outcome, "reasons": "دلایل هیئت", "changes": VARIED if outcome == "varied" else None}
                chair = self.stack.client("appeal.one")
                for client in (self.chair, self.issuer, self.judge):
                    self.assertIn(client.post(f"{path}/votes", vote).status, (403, 404))
                self.unmet(chair.post(f"{path}/decision", decision, headers=tag(made)), "VOTES_MISSING")
                for name in APPEAL:
                    self.made(self.stack.client(name).post(f"{path}/votes", vote))
                problem(self, chair.post(f"{path}/votes", vote), 409, "DUPLICATE")
                problem(self, self.stack.client("appeal.two").post(f"{path}/decision", decision, headers=tag(made)), 403)
                other = {**decision, "outcome": "upheld", "changes": None}
                self.unmet(chair.post(f"{path}/decision", other, headers=tag(made)), "NO_MAJORITY")
                done = self.ok(chair.post(f"{path}/decision", decision, headers=tag(made)))
                self.assertEqual((done.json()["outcome"], done.json()["decision"]["reasons"]), (outcome, "دلایل هیئت"))
                self.assertEqual(self.state(evaluation), state)
                self.assertEqual(self.ok(self.judge.get(path)).json()["decision"]["reasons"], "دلایل هیئت")
                rounds = self.stack.sql(f"select round from sanjeh.evaluation where id = '{evaluation}'")
                self.assertEqual(rounds, "2" if outcome == "remanded" else "1")

    def test_an_appeal_needs_its_clock_and_people_who_had_no_part(self):
        late = self.evaluation("issued", seats={**SEATS, **APPEAL})
        self.unmet(self.judge.post(f"/api/v1/evaluations/{late}/appeals", {"grounds": "دیر"}), "APPEAL_IN_TIME")
        self.assertEqual(self.stack.sql(f"select count(*) from sanjeh.appeal where evaluation_id = '{late}'"), "0")
        evaluation, made = self.appealed()
        self.stack.sql(f"update sanjeh.seat set person_id = (select person_id from sanjeh.seat where evaluation_id = '{evaluation}' "
                       f"and capacity = 'chair') where evaluation_id = '{evaluation}' and capacity = 'appeal_chair'")
        path = f"/api/v1/appeals/{made.json()['id']}"
        for name in APPEAL:
            self.made(self.stack.client(name).post(f"{path}/votes", {"outcome": "rejected", "reason": "به دلیل"}))
        answer = self.stack.client("appeal.one").post(f"{path}/decision", {"outcome": "rejected", "reasons": "دلایل"}, headers=tag(made))
        self.unmet(answer, "APPEAL_DISJOINT")
        self.assertEqual(self.state(evaluation), "appealed")

    def test_a_correction_is_the_issuers_and_seen_by_the_judge(self):
        evaluation = self.evaluation("final")
        path = f"/api/v1/evaluations/{evaluation}/corrections"
        for client in (self.owner, self.chair, self.judge):
            self.assertIn(client.post(path, {"reason": "اشتباه"}).status, (403, 404))
        problem(self, self.issuer.post(path, {"reason": "  "}), 422, "INVALID")
        self.stack.sql(f"update sanjeh.evaluation set state_since = now() - interval '1 day' where id = '{evaluation}'")
        problem(self, self.issuer.post(path, {"reason": "اشتباه در شمارش"}), 409, "GUARD_UNMET")
        done = self.made(self.issuer.post(path, correction(self.stack, "jdpe.manager", "approver.remedies", evaluation, "اشتباه در شمارش")))
        self.assertEqual((done.json()["reason"], self.state(evaluation)), ("اشتباه در شمارش", "superseded"))

    # ---- plans ----

    def test_a_plan_is_reported_by_the_judge_and_accepted_by_others(self):
        evaluation = self.evaluation("issued")
        path = f"/api/v1/evaluations/{evaluation}/plans"
        body = {"goal": "بهبود", "actions": [{"text": "دوره", "due_on": "1405-06-31"}]}
        for client in (self.judge, self.discipline, self.stack.client("remedy.pic")):
            self.assertIn(client.post(path, body).status, (403, 404))
        made = self.made(self.owner.post(path, body))
        plan = f"/api/v1/plans/{made.json()['id']}"
        action = made.json()["actions"][0]
        self.assertEqual((action["state"], action["due_on"]), ("open", "2026-09-22"))
        self.assertEqual(self.ok(self.judge.get(plan)).json()["goal"], "بهبود")
        self.nobody_else(plan, ("judge.two", "jdpd.manager", "remedy.pic", "sc.manager"))
        step = f"/api/v1/plan-actions/{action['id']}"
        read = self.ok(self.judge.get(step))
        self.assertEqual((read.json(), read.header("ETag")), (action, f'"v{action["version"]}"'))
        self.same(read, self.ok(self.owner.get(step)))
        self.nobody_else(step, ("judge.two", "jdpd.manager", "remedy.pic", "sc.manager"))
        etag = tag(read)
        problem(self, self.owner.post(f"{step}/acceptance", {"accepted": True}, headers=etag), 409, "CONFLICT")
        problem(self, self.other.post(f"{step}/progress", {"text": "من", "evidence": "من"}, headers=etag), 404)
        done = self.ok(self.judge.post(f"{step}/progress", {"text": "گذراندم", "evidence": "گواهی"}, headers=etag))
        self.assertEqual(self.judge.post(f"{step}/acceptance", {"accepted": True}, headers=tag(done)).status, 403)
        accepted = self.ok(self.owner.post(f"{step}/acceptance", {"accepted": True}, headers=tag(done))).json()
        self.assertEqual((accepted["state"], accepted["progress"]["evidence"]), ("accepted", "گواهی"))


if __name__ == "__main__":
    unittest.main()
