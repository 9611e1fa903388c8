# SPDX-License-Identifier: Apache-2.0
"""What the tests of boards share: a cycle, a file and its board, put into a state by the database's owner."""

import uuid

from stack import SharedTest, problem

FAMILIES = ("quality", "timeliness", "conduct", "development")
TEXTS = {family: f"متن {family}" for family in FAMILIES}
FIRST = (("board.one", "chair"), ("board.two", "member"), ("board.three", "rapporteur"))


class BoardTest(SharedTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.owner, cls.issuer = cls.stack.client("hrd.manager"), cls.stack.client("jdpe.manager")
        cls.judge = cls.stack.client("judge.one")
        cls.judge_id = cls.judge.get("/api/v1/me").json()["judge_id"]

    def account(self, name):
        return self.stack.accounts[name]["id"]

    def person(self, name):
        return self.stack.sql(f"select coalesce(judge_id, person_judge_id, id) from sanjeh.account where id = '{self.account(name)}'")

    def cycle(self):
        """Id of an announced cycle with three criteria to mark (one of them 1 to 5) and one indicator."""
        cycle, template = str(uuid.uuid4()), str(uuid.uuid4())
        code = "B" + cycle[:8].upper()
        self.stack.sql(f"""
            begin; set local session_replication_role = replica;
            insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, state, created_by, published_at)
                select id, '{template}', '{code}', 1, 'الگو', 'Template', 'judges', 'published', id, now()
                from sanjeh.unit where code = 'HRD';
            insert into sanjeh.template_item (unit_id, template_id, no, family, source, indicator_code, name_fa, name_en, weight,
                    scale_min, scale_max)
                select u.id, '{template}', v.* from sanjeh.unit u, (values
                    (1, 'quality', 'mark', null, 'رأی', 'Judgment', 40, 0, 100), (2, 'conduct', 'mark', null, 'رفتار', 'Conduct', 20, 1, 5),
                    (3, 'development', 'mark', null, 'آموزش', 'Training', 15, 0, 100),
                    (4, 'timeliness', 'indicator', 'T01', 'زمان', 'Time', 25, 0, 100)) as v where u.code = 'HRD';
            insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
                issuer_scope_id, state, owner_signed_by, owner_signed_at, issuer_signed_by, issuer_signed_at, announced_at,
                criteria_sha256, created_by)
                select h.id, '{cycle}', '{code}', 'ارزیابی', 'Evaluation', 'annual', '2025-03-21', '2026-03-20', '{template}', j.id, e.id,
                    'collecting', h.id, now(), '{self.account("jdpe.manager")}', now(), now(), sha256('criteria'), h.id
                from sanjeh.unit h, sanjeh.unit j, sanjeh.unit e where h.code = 'HRD' and j.code = 'JDP' and e.code = 'JDP-E';
            commit;""")
        return cycle

    def evaluation(self, cycle, state="notified", judge=None):
        evaluation = str(uuid.uuid4())
        self.stack.sql(f"""
            insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id, state, notified_at)
                select c.unit_id, '{evaluation}', c.id, r.unit_id, r.id, c.issuer_unit_id, c.issuer_scope_id, 'planned', now()
                from sanjeh.cycle c, sanjeh.judge r where c.id = '{cycle}' and r.id = '{judge or self.judge_id}'""")
        self.move(evaluation, state)
        return evaluation

    def move(self, evaluation, state, more=""):
        self.stack.sql(f"update sanjeh.evaluation set state = '{state}'{more} where id = '{evaluation}'")

    def members(self, *pairs):
        return [{"account_id": self.account(name), "capacity": capacity} for name, capacity in pairs]

    def board(self, cycle, members=FIRST, kind="first"):
        answer = self.owner.post("/api/v1/boards", {"cycle_id": cycle, "name": "هیئت", "kind": kind, "members": self.members(*members)})
        self.assertEqual(answer.status, 201, answer)
        return answer.json()

    def seat(self, evaluation, **body):
        return self.owner.post(f"/api/v1/evaluations/{evaluation}/seats", body)

    def seated(self, state="rating"):
        cycle = self.cycle()
        evaluation = self.evaluation(cycle)
        self.assertEqual(self.seat(evaluation, board_id=self.board(cycle)["id"]).status, 201)
        self.move(evaluation, state)
        return cycle, evaluation

    def faults(self, answer, status, code, *faults):
        document = problem(self, answer, status, code)
        self.assertEqual([fault["code"] for fault in document.get("errors", [])], list(faults), document)
