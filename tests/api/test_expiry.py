# SPDX-License-Identifier: Apache-2.0
"""Expiry of an old result: when the clock retention lapses, each thing of the file that others could read is from then on the judge's
and the issuer's alone. One row of every table of the file is planted, the clock is turned, and the same readers look again. The tables
are those of the catalogue: a new one without a place here fails."""

import time
import unittest

from board_case import BoardTest
from stack import Stack

ROSTER = "personnel_number,name\n" + "".join(f"K-{n:03},قاضی نمونه {name}\n" for n, name in enumerate("ابپتثجچح", 1))
SEATS = {"x.chair": "chair", "x.member": "member", "x.appeal": "appeal_chair", "x.reviewer": "reviewer", "x.left": "member"}
OTHERS = (*SEATS, "x.mentor")  # x.left has given up his seat, x.mentor never had one
# Tables of the file, and who reads each before it expires, beside the judge and the issuer.
BOARD = {"x.chair", "x.member", "x.appeal"}
EXPIRES = {
    "rating": BOARD | {"x.left"}, "draft": BOARD, "calibration_change": BOARD, "evaluation_score": BOARD | {"x.reviewer"}, "verdict": BOARD,
    "report_card": BOARD | {"owner"}, "report_card_part": BOARD | {"owner"}, "decision_sample": BOARD | {"x.reviewer", "office"},
    "opinion_review": BOARD | {"x.left", "x.reviewer", "office"}, "observation": BOARD | {"x.left"}, "evidence_item": BOARD | {"x.left"},
    "reply": BOARD, "reply_point": BOARD, "appeal": BOARD, "self_assessment": BOARD, "acknowledgement": BOARD, "appeal_vote": {"x.left", "x.appeal"}, "challenge": {"x.left", "owner"},
    "coi_declaration": BOARD | {"x.left"}, "conflict": {"x.left", "x.chair", "owner"}, "disclosure": BOARD, "gate_answer": BOARD | {"owner", "pic"},
    "improvement_plan": BOARD | {"owner"}, "interview": BOARD, "judge_statement": BOARD, "plan_action": BOARD | {"owner", "x.mentor"}}
NOT_HIS = {"appeal_vote", "coi_declaration", "conflict"}  # what the judge himself never reads
# Who moved it when, who sat, what ran, which rows were contested, who opened it in an emergency: no result, and the office's own order.
KEPT = {"break_glass", "seat", "deadline", "evaluation_event", "data_issue", "correction_order", "sample_order"}
GIVEN = {"draft": {"state": "final"}, "rating": {"submitted_at": "now()"}, "decision_sample": {"reviewed": "2"},
         "gate_answer": {"state": "answered"}, "self_assessment": {"state": "submitted"}, "reply": {"state": "submitted"}}


class Expiry(BoardTest):
    maxDiff = None

    @classmethod
    def setUpClass(cls):
        cls.stack = Stack.own(accounts=("hrd.manager", "jdpe.manager"), env={"SANJEH_EVALUATION_TEST_CLOCK": "1"})
        cls.addClassCleanup(cls.stack.destroy)
        cls.owner = cls.stack.client("hrd.manager")
        sent = cls.owner.post("/api/v1/contributions", {"kind": "roster", "format": "csv", "period": "1404", "data": ROSTER})
        assert sent.status == 201, sent
        cls.stack.add_accounts({name: ("SC", "-", "evaluator", f"عضو {n}", f"HRD:K-{n + 1:03}", "person")
                                for n, name in enumerate(OTHERS, 1)})
        cls.stack.add_accounts({"x.judge": ("-", "-", "judge", "قاضی", "HRD:K-001")})
        cls.judge_id = cls.stack.client("x.judge").get("/api/v1/me").json()["judge_id"]

    def tables(self):
        return set(self.stack.sql("select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'evaluation_id' "
                                  "and not a.attisdropped where c.relkind in ('r', 'p') and c.relnamespace = 'sanjeh'::regnamespace").split())

    def plant(self, table, file):
        """One row of the file, past checks and triggers: what is tried is who reads it."""
        given = {"evaluation_id": file["id"], "judge_id": self.judge_id, "unit_id": file["issuer"], "issuer_unit_id": file["issuer"],
                 "issuer_scope_id": file["scope"], "owner_unit_id": file["owner"], "scope_id": file["pic"], "office_account_id": file["office"],
                 "account_id": self.account("x.left"), "created_by": self.account("x.left"), "mentor_account": self.account("x.mentor"),
                 "reviewer_one": self.account("x.reviewer"), "reviewer_two": self.account("x.reviewer"), "round": "1", **GIVEN.get(table, {})}
        given = {name: "'" + value + "'" for name, value in given.items()}
        names, values = [], []
        for line in self.stack.sql(f"""select a.attname, format_type(a.atttypid, null), a.attnotnull from pg_attribute a where a.attrelid =
                'sanjeh.{table}'::regclass and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity <> 'a'""").splitlines():
            name, kind, needed = line.split("|")
            made = {"uuid": "gen_random_uuid()", "text": "'x'", "bytea": "decode(repeat('00', 93), 'hex')", "boolean": "true", "jsonb": "'{}'",
                    "timestamp with time zone": "now()", "date": "current_date"}.get(kind, "null" if needed == "f" else "1")
            if name in ("sample_id", "card_id", "reply_id", "appeal_id", "plan_id"):
                made = f"(select id from sanjeh.{dict(sample_id='decision_sample', card_id='report_card', reply_id='reply', appeal_id='appeal', plan_id='improvement_plan')[name]})"
            if name in given or needed == "t" or kind in ("bytea", "integer"):
                names.append(name)
                values.append(given.get(name, made))
        self.stack.sql(f"""set session_replication_role = replica;
            insert into sanjeh.{table} ({", ".join(names)}) values ({", ".join(values)})""")

    def reads(self, scope):
        """Tables of which the server's role reads a row in the context of this reader."""
        asked = " union all ".join(f"select '{table}' where exists (select from sanjeh.{table})" for table in EXPIRES)
        lines = self.stack.sql(f"""select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) is null from sanjeh.context_key k, (select 'v1.' ||
            extract(epoch from now() + interval '1 minute')::int8 || '.{scope}' as text) c; set role sanjeh_app; {asked}""").split()
        return set(lines[1:])

    def test_every_table_of_the_file_has_its_place(self):
        self.assertEqual(self.tables() - KEPT, set(EXPIRES) - {"report_card_part"})

    def test_each_thing_of_the_file_expires_with_the_result(self):
        self.stack.sql(f"""do $do$ declare one record; begin for one in select conname, conrelid::regclass as of from pg_constraint where contype = 'c'
            and conrelid = any ('{{{",".join("sanjeh." + table for table in EXPIRES)}}}'::regclass[]) loop
            execute format('alter table %s drop constraint %I', one.of, one.conname); end loop; end $do$""")
        cycle = self.cycle()
        self.stack.sql(f"insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind) select c.unit_id, c.id, k.code, k.days, "
                       f"k.day_kind from sanjeh.cycle c, sanjeh.clock k where c.id = '{cycle}'")
        evaluation = self.evaluation(cycle, state="issued")
        self.move(evaluation, "issued", ", marks_locked_at = now(), disclosed_at = now(), issued_at = now()")
        row = self.stack.sql(f"""select e.id, e.issuer_unit_id, e.issuer_scope_id, e.unit_id, p.id, s.id from sanjeh.evaluation e, sanjeh.unit p,
            sanjeh.unit s where e.id = '{evaluation}' and p.code = 'PIC' and s.code = 'SC'""").split("|")
        file = dict(zip(("id", "issuer", "scope", "owner", "pic", "office"), row))
        for name, capacity in SEATS.items():
            self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id)
                select e.unit_id, e.id, a.id, a.person_judge_id, '{capacity}', true, e.judge_id, e.issuer_scope_id
                from sanjeh.evaluation e, sanjeh.account a where e.id = '{evaluation}' and a.username = '{name}'""")
        self.stack.sql(f"update sanjeh.seat set ended_at = now(), ended_reason = 'recused' where account_id = '{self.account('x.left')}'")
        for table in EXPIRES:
            self.plant(table, file)
        self.stack.sql(f"""insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, started_at, due_at) select unit_id,
            gen_random_uuid(), id, 'appeal', 'judge', sanjeh.clock_now(), sanjeh.clock_now() from sanjeh.evaluation where id = '{evaluation}'""")
        self.becomes(evaluation, "final")
        readers = {**{name: self.account(name) for name in OTHERS}, "owner": file["owner"], "pic": file["pic"], "office": file["office"],
                   "judge": self.judge_id, "issuer": file["scope"]}
        before = {name: self.reads(scope) for name, scope in readers.items()}
        for table, others in EXPIRES.items():
            self.assertEqual({name for name in readers if table in before[name]} - {"judge", "issuer"}, others, table)
        self.assertEqual((before["judge"], before["issuer"]), (set(EXPIRES) - NOT_HIS, set(EXPIRES) - {"appeal_vote"}))
        self.stack.sql("insert into sanjeh.test_clock (ahead) values (interval '1820 days')")
        time.sleep(3)
        self.assertEqual({name: self.reads(scope) for name, scope in readers.items()}, before, "expires before its time")
        self.stack.sql("update sanjeh.test_clock set ahead = ahead + interval '30 days'")
        self.becomes(evaluation, "archived")
        after = {name: self.reads(scope) for name, scope in readers.items()}
        self.assertEqual((after.pop("judge"), after.pop("issuer")), (before["judge"], before["issuer"]))
        self.assertEqual(after.pop("pic"), {"gate_answer"}, "an office keeps what it answered")
        self.assertEqual(after, dict.fromkeys(after, set()))

    def becomes(self, evaluation, state):
        for _ in range(400):
            found = self.stack.sql(f"select state from sanjeh.evaluation where id = '{evaluation}'")
            if found == state:
                return
            time.sleep(0.1)
        self.fail(f"stays {found}")


if __name__ == "__main__":
    unittest.main()
