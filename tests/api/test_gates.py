# SPDX-License-Identifier: Apache-2.0
"""Gates: which may be asked for which purpose, what an answer must say before it blocks the use of a result, and what the card
makes of it. Each rule by the routes and again as SQL of the application's role in a genuine context."""

import unittest

from separation_case import RulesCase
from stack import problem

ALL = {"D01", "D02", "D03", "D04"}
LAWFUL = {"appointment": ALL, "promotion": ALL, "secondment": ALL, "report_card": ALL - {"D03"}}
AUTHORITIES = ("head_of_judiciary", "head_of_supreme_court", "attorney_general", "president_of_high_disciplinary_court",
               "disciplinary_prosecutor", "head_of_military_judiciary")


class Gates(RulesCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "gates.hrd" not in cls.stack.accounts:
            cls.stack.add_accounts({"gates.hrd": ("HRD", "-", "gate-keeper", "اظهارنامه")})

    def decided(self):
        cycle, evaluation = self.seated("decided")
        self.stack.sql(f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select c.unit_id, c.id, k.code, k.days, "
                       f"k.day_kind from sanjeh.cycle c, sanjeh.clock k where c.id = '{cycle}'")
        self.move(evaluation, "decided", ", marks_locked_at = now(), disclosed_at = now()")
        return evaluation

    def ask(self, evaluation, purpose, *gates):
        return self.issuer.post(f"/api/v1/evaluations/{evaluation}/gates/ask", {"purpose": purpose, **({"gates": list(gates)} if gates else {})})

    def asked(self, evaluation):
        return self.stack.sql(f"select coalesce(string_agg(gate, ' ' order by gate), '') from sanjeh.gate_answer where evaluation_id = '{evaluation}'")

    # ---- purposes ----

    def test_each_gate_is_asked_for_its_own_purposes(self):
        for purpose, lawful in LAWFUL.items():
            with self.subTest(purpose):
                evaluation = self.decided()
                for gate in sorted(ALL - lawful):
                    answer = self.ask(evaluation, purpose, "D01", gate)
                    self.faults(answer, 422, "INVALID", "NOT_FOR_THIS_PURPOSE")
                    self.assertEqual(answer.json()["errors"][0]["pointer"], "/gates/1")
                self.assertEqual(self.asked(evaluation), "", "nothing is asked when one of them is refused")
                made = self.ask(evaluation, purpose)
                self.assertEqual(made.status, 201, made)
                self.assertEqual({row["gate"] for row in made.json()["items"]}, lawful)
                self.assertEqual(self.asked(evaluation).split(), sorted(lawful))

    def test_gates_are_asked_by_name_and_once(self):
        evaluation = self.decided()
        for gates, code in ((["D05"], "UNKNOWN_VALUE"), ([], "FORMAT"), ([1], "FORMAT"), ("D01", "FORMAT"), (["D01"] * 5, "FORMAT")):
            body = {"purpose": "promotion", "gates": gates}
            self.faults(self.issuer.post(f"/api/v1/evaluations/{evaluation}/gates/ask", body), 422, "INVALID", code)
        self.assertEqual(self.ask(evaluation, "report_card").status, 201)
        self.assertEqual(self.asked(evaluation), "D01 D02 D04")
        self.assertEqual(self.ask(evaluation, "promotion", "D03").status, 201, "PIC is asked for the promotion beside the card")
        for gate in sorted(ALL):
            problem(self, self.ask(evaluation, "promotion", gate), 409, "DUPLICATE")

    def test_the_database_takes_no_question_for_another_purpose(self):
        evaluation = self.decided()
        ask = """with w as (insert into sanjeh.gate_answer (unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id,
                issuer_scope_id, judge_id, round, gate, purpose, created_by) select coalesce(u.parent_id, u.id), gen_random_uuid(), u.id, e.id,
                e.unit_id, e.issuer_unit_id, e.issuer_scope_id, e.judge_id, e.round, '{gate}', '{purpose}', '{by}'
            from sanjeh.evaluation e, sanjeh.unit u where e.id = '{of}' and u.code = '{unit}' returning 1) select count(*) from w"""
        by, units = self.account("jdpe.manager"), {"D01": "JDP-D", "D02": "JDP-D", "D03": "PIC", "D04": "HRD"}
        context = [self.unit("JDP"), self.unit("JDP-E"), by]
        for purpose, lawful in LAWFUL.items():
            for gate, unit in units.items():
                with self.subTest(f"{gate} {purpose}"):
                    self.stack.sql(f"delete from sanjeh.gate_answer where evaluation_id = '{evaluation}'")
                    words = ask.format(gate=gate, purpose=purpose, by=by, of=evaluation, unit=unit)
                    if gate in lawful:
                        self.passes(context, words)
                    else:
                        self.refused(context, words, "gate_answer_purpose_of_gate")
        self.refused(context, "insert into sanjeh.gate_purpose values ('D03', 'report_card')", "permission denied")

    # ---- what blocks says why ----

    def test_no_answer_blocks_without_a_gist_or_an_authority(self):
        _, evaluation = self.seated("decided")
        gate = self.gate(evaluation, "PIC")
        for more, code, member in (
                ({"value": "referred"}, "REQUIRED", "/authority"), ({"value": "referred", "gist": "خلاصه"}, "REQUIRED", "/authority"),
                ({"value": "referred", "authority": "head_of_pic"}, "UNKNOWN_VALUE", "/authority"),
                ({"value": "remark"}, "REQUIRED", "/gist"), ({"value": "remark", "gist": "  "}, "EMPTY", "/gist"),
                ({"value": "remark", "authority": "attorney_general"}, "REQUIRED", "/gist"),
                ({"value": "remark", "gist": "خلاصه", "authority": "attorney_general"}, "NOT_OF_THIS_ANSWER", "/authority"),
                ({"value": "clear", "authority": "attorney_general"}, "NOT_OF_THIS_ANSWER", "/authority")):
            with self.subTest(str(more)):
                document = problem(self, self.answer("sep.pic", gate, **more), 422, "INVALID")
                self.assertEqual([(fault["code"], fault["pointer"]) for fault in document["errors"]][-1:], [(code, member)], document)
        self.assertEqual(self.stack.sql(f"select state from sanjeh.gate_answer where id = '{gate}'"), "asked")
        for other in ("JDP-D", "HRD"):
            code = {"JDP-D": "D01", "HRD": "D04"}[other]
            row = self.gate(evaluation, other, code)
            name = {"JDP-D": "jdpd.manager", "HRD": "gates.hrd"}[other]
            self.faults(self.answer(name, row, value="referred", authority="attorney_general"), 422, "INVALID", "UNKNOWN_VALUE")

    def test_the_database_takes_no_silent_hold(self):
        _, evaluation = self.seated("decided")
        gate = self.gate(evaluation, "PIC")
        put = ("with w as (update sanjeh.gate_answer set state = 'answered', answered_at = now(), expires_on = current_date + 30, "
               "body_ct = decode(repeat('00', 93), 'hex'), key_version = 1, {} where id = '" + gate + "' returning 1) select count(*) from w")
        context = [self.unit("PIC"), self.account("sep.pic")]
        for words in ("value = 'referred', effect = 'referral'", "value = 'referred', effect = 'referral', has_gist = true",
                      "value = 'referred', effect = 'hold', authority = 'attorney_general'",
                      "value = 'remark', effect = 'none'", "value = 'remark', effect = 'none', has_gist = true",
                      "value = 'remark', effect = 'hold'", "value = 'remark', effect = 'hold', has_gist = false",
                      "value = 'remark', effect = 'hold', has_gist = true, authority = 'attorney_general'",
                      "value = 'clear', effect = 'referral', authority = 'attorney_general'", "value = 'clear', effect = 'hold', has_gist = true"):
            with self.subTest(words):
                done = self.as_app(context, put.format(words))
                self.assertRegex(done.stderr, "gate_answer_(why_is_said|hold_is_earned)")
        self.refused(context, put.format("value = 'referred', effect = 'referral', authority = 'head_of_pic'"), "gate_answer_authority_known")
        self.refused(context, "update sanjeh.gate_answer set state = 'withdrawn' where id = '" + gate + "'", "gate_answer_state_known")
        self.passes(context, put.format("value = 'referred', effect = 'referral', authority = 'head_of_judiciary'"))

    # ---- the judge and his card ----

    def answered(self, integrity):
        """Every gate answered, PIC's as given; id of the evaluation and of PIC's gate."""
        evaluation = self.decided()
        rows = {row["gate"]: row["id"] for row in self.ask(evaluation, "promotion").json()["items"]}
        for gate, name, more in (("D01", "jdpd.manager", {}), ("D02", "jdpd.manager", {"value": "remark", "gist": "محکومیت درجه چهار",
                                  "degree": 4, "final_judgment_no": "12/34"}), ("D03", "sep.pic", integrity), ("D04", "gates.hrd", {})):
            done = self.answer(name, rows[gate], **more)
            self.assertEqual(done.status, 200, done)
        return evaluation, rows["D03"]

    def card(self, evaluation):
        for path, body in ((f"/api/v1/evaluations/{evaluation}/moves", {"to": "gated"}), (f"/api/v1/evaluations/{evaluation}/report-cards", None)):
            answer = self.issuer.post(path, body, headers={"If-Match": self.issuer.get(f"/api/v1/evaluations/{evaluation}").header("ETag")})
            self.assertIn(answer.status, (200, 201), answer)
        return answer.json()["id"], {row["gate"]: row for row in answer.json()["card"]["gates"]}

    def test_the_judge_reads_the_gist_in_his_gates_and_the_hold_with_its_reason_on_his_card(self):
        """What integrity says is served to him apart: cards have other readers, too."""
        for said, effect, reason in (({"value": "remark", "gist": "خلاصه قابل ابلاغ"}, "hold", "remark"),
                                     *(({"value": "referred", "authority": who}, "referral", "referral") for who in AUTHORITIES[:2])):
            with self.subTest(str(said)):
                evaluation, gate = self.answered(said)
                seen = next(row for row in self.judge.items(f"/api/v1/gates?evaluation_id={evaluation}") if row["id"] == gate)
                self.assertEqual([seen[name] for name in ("effect", "gist", "authority", "purpose")],
                                 [effect, said.get("gist"), said.get("authority"), "promotion"])
                card, gates = self.card(evaluation)
                held = gates["D03"]
                self.assertEqual([held[name] for name in ("hold", "reason", "gist", "authority", "purpose", "expires_on")],
                                 [True, reason, None, said.get("authority"), "promotion", self.day(100)])
                self.assertEqual([gates["D02"][name] for name in ("hold", "reason", "gist")], [True, "final_judgment", "محکومیت درجه چهار"])
                self.assertEqual([gates["D01"][name] for name in ("hold", "reason", "effect")], [False, None, "none"])
                mine = self.judge.get(f"/api/v1/report-cards/{card}").json()["card"]["gates"]
                self.assertEqual({row["gate"]: row for row in mine}, gates)

    def test_what_says_neither_or_has_expired_holds_nothing_on_a_card(self):
        rule = self.stack.sql("select pg_get_constraintdef(oid) from pg_constraint where conname = 'gate_answer_why_is_said'")
        for change in ("authority = null", "value = 'remark', effect = 'hold', authority = null", "expires_on = current_date - 1"):
            with self.subTest(change):
                evaluation, gate = self.answered({"value": "referred", "authority": "attorney_general"})
                self.stack.sql(f"""begin; alter table sanjeh.gate_answer drop constraint gate_answer_why_is_said;
                    update sanjeh.gate_answer set {change} where id = '{gate}';
                    alter table sanjeh.gate_answer add constraint gate_answer_why_is_said {rule}; commit;""")
                gates = self.card(evaluation)[1]
                self.assertEqual([gates["D03"][name] for name in ("hold", "reason")], [False, None])
                self.assertTrue(gates["D02"]["hold"])


if __name__ == "__main__":
    unittest.main()
