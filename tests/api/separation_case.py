# SPDX-License-Identifier: Apache-2.0
"""What the tests of the separation rules share: office accounts of judges, and SQL as the application's role in a genuine context."""

import datetime
import uuid

from board_case import BoardTest
from stack import as_app

OFFICES = {"sep.rater": ("SC", "-", "evaluator", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.keeper": ("PIC", "-", "gate-keeper", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.issuer": ("JDP", "JDP-E", "issuer", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.owner": ("HRD", "-", "process-owner", "همان قاضی", "HRD:HRD-0030", "person"),
           "sep.double": ("SC", "-", "evaluator", "نشانی دوم", "HRD:HRD-0031", "person"),
           "sep.outside": ("AGO", "-", "evaluator", "بیرونی"), "sep.pic": ("PIC", "-", "gate-keeper", "صیانت"),
           "sep.other": ("SC", "-", "evaluator", "دیگری"), "sep.judge": ("-", "-", "judge", "همان قاضی", "HRD:HRD-0030"),
           "sep.head": ("SC", "-", "evaluator", "رئیس دادگاه", "HRD:HRD-0026", "person"),
           "sep.low": ("SC", "-", "evaluator", "دادگاه پایین‌تر", "HRD:HRD-0027", "person"),
           "sep.high": ("SC", "-", "evaluator", "دادگاه بالاتر", "HRD:HRD-0028", "person")}


class RulesCase(BoardTest):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.stack.add_accounts({name: account for name, account in OFFICES.items() if name not in cls.stack.accounts})
        cls.mine = cls.stack.sql(f"select person_judge_id from sanjeh.account where id = '{cls.stack.accounts['sep.rater']['id']}'")

    def as_app(self, scopes, text):
        """SQL as sanjeh_app in a context that the keeper might have signed."""
        return as_app(self.stack, scopes, text)

    def unit(self, code):
        return self.stack.sql(f"select id from sanjeh.unit where code = '{code}'")

    def mark(self, evaluation, name):
        return self.stack.client(name).post(f"/api/v1/evaluations/{evaluation}/ratings", {"item_no": 1, "mark": "90", "reason": "متن"})

    def rules(self, evaluation):
        return sorted(row["rule"] for row in self.owner.items(f"/api/v1/evaluations/{evaluation}/conflicts") if row["state"] == "open")

    def gate(self, evaluation, unit, gate="D03"):
        """A question put past the product, so that only the answer is tried."""
        row = str(uuid.uuid4())
        self.stack.sql(f"""insert into sanjeh.gate_answer (unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id,
                issuer_scope_id, judge_id, round, gate, purpose, created_by) select coalesce(u.parent_id, u.id), '{row}', u.id, e.id, e.unit_id, e.issuer_unit_id,
                e.issuer_scope_id, e.judge_id, 1, '{gate}', 'promotion', u.id
            from sanjeh.evaluation e, sanjeh.unit u where e.id = '{evaluation}' and u.code = '{unit}'""")
        return row

    @staticmethod
    def day(ahead):
        return (datetime.date.today() + datetime.timedelta(days=ahead)).isoformat()

    def answer(self, name, gate, **more):
        return self.stack.client(name).post(f"/api/v1/gates/{gate}/answer", {"value": "clear", "expires_on": self.day(100), **more},
                                            headers={"If-Match": '"v1"'})

    def passes(self, scopes, text, rows="1"):
        """The statement is carried out in this context; text ends in a select of what there is to count."""
        done = self.as_app(scopes, text)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(done.stdout.split()[-1], rows, text)

    def refused(self, scopes, text, words):
        done = self.as_app(scopes, text)
        self.assertNotEqual(done.returncode, 0, text)
        self.assertIn(words, done.stderr)

    def plant(self, evaluation, name, *capacities):
        """Seats past the product. The account was recorded as a person of its own, as before it was linked to a judge."""
        for capacity in capacities:
            self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id,
                    issuer_scope_id) select e.unit_id, e.id, '{self.account(name)}', '{self.account(name)}', '{capacity}', true, e.judge_id,
                    e.issuer_scope_id from sanjeh.evaluation e where e.id = '{evaluation}'""")

    def end_seats(self, evaluation, name):
        self.stack.sql(f"update sanjeh.seat set ended_at = now(), ended_reason = 'replaced' where evaluation_id = '{evaluation}' "
                       f"and account_id = '{self.account(name)}'")
