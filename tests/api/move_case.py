# SPDX-License-Identifier: Apache-2.0
"""What the tests of the table of moves share: the table as the product has it, one fresh file with every seat, its state as the
database's owner puts it, and the two ways to ask for a move."""

import re

from board_case import BoardTest

SEATS = (("board.one", "chair"), ("board.two", "member"), ("board.three", "rapporteur"), ("board.four", "calibrator"),
         ("appeal.one", "appeal_chair"), ("appeal.two", "appeal_member"), ("appeal.three", "appeal_member"))
PART_OF = {"owner": "hrd.manager", "issuer": "jdpe.manager", "judge": "judge.one", "lead": "board.one", "board": "board.two",
           "calibrator": "board.four", "appeal_board": "appeal.one"}
SYSTEM = "00000000-0000-8000-8000-000000000006"


def tag(answer):
    return {"If-Match": answer.header("ETag")}


class MoveTest(BoardTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        rows = cls.stack.sql("select from_state, to_state, array_to_string(parts, ','), array_to_string(guards, ',') "
                             "from sanjeh.evaluation_move order by 1, 2").splitlines()
        cls.moves = {(a, b): (parts.split(","), [g for g in guards.split(",") if g]) for a, b, parts, guards in
                     (row.split("|") for row in rows)}
        cls.states = sorted({state for pair in cls.moves for state in pair})

    def setUp(self):
        self.stack.sql(f"delete from sanjeh.data_issue where judge_id = '{self.judge_id}' and state = 'open'")
        self.fresh()

    def fresh(self):
        """Another file of the same judge, in a cycle of its own, with every seat taken and nothing done."""
        self.cycle_id = self.cycle()
        self.file = self.evaluation(self.cycle_id)
        self.path = f"/api/v1/evaluations/{self.file}"
        seats = ", ".join(f"('{name}', '{capacity}')" for name, capacity in SEATS)
        self.stack.sql(f"""insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id,
            issuer_scope_id) select e.unit_id, e.id, a.id, coalesce(a.judge_id, a.person_judge_id, a.id), s.capacity, true, e.judge_id,
            e.issuer_scope_id from (values {seats}) as s (name, capacity) join sanjeh.account a on a.username = s.name,
            sanjeh.evaluation e where e.id = '{self.file}'""")

    def place(self, state, more="", suspended_from="rating"):
        come_from = f"'{suspended_from}'" if state == "suspended" else "null"
        self.version = self.stack.sql(f"update sanjeh.evaluation set state = '{state}', suspended_from = {come_from}{more} "
                                      f"where id = '{self.file}' returning version")

    def ask(self, name, to, **body):
        return self.stack.client(name).post(f"{self.path}/moves", {"to": to, **body}, headers={"If-Match": f'"v{self.version}"'})

    def in_context(self, part, statement, before=""):
        """What the server's role may do under a genuine context of who has this part; before: by the database's owner."""
        column = {"owner": "unit_id", "issuer": "issuer_scope_id", "judge": "judge_id"}.get(part)
        whose = f"(select {column} from sanjeh.evaluation where id = '{self.file}')" if column else (
            f"'{SYSTEM}'" if part == "system" else f"'{self.account(PART_OF[part])}'")
        return self.stack.sql(f"""\\set VERBOSITY verbose
            {before} select set_config('sanjeh.context', c.text || '.' || encode(sha256(k.outer_pad ||
            sha256(k.inner_pad || convert_to(c.text, 'UTF8'))), 'hex'), false) from sanjeh.context_key k, (select 'v1.' ||
            extract(epoch from now() + interval '1 minute')::int8 || '.' || {whose} as text) c;
            set role sanjeh_app; {statement}""", check=False)

    def in_database(self, part, to, before="", after=""):
        """The same move as the server's role; what the database says."""
        return self.in_context(part, f"""update sanjeh.evaluation set state = '{to}' where id = '{self.file}'; select state from
            sanjeh.evaluation where id = '{self.file}'{after}""", before)

    def each_in_database(self, part, targets):
        """The same to each state, and taken back: the constraint that refused it, or how many rows were moved."""
        said = self.in_context(part, f"""do $do$ declare target text; words text; moved int8; begin
            foreach target in array '{{{",".join(targets)}}}'::text[] loop
                begin
                    update sanjeh.evaluation set state = target where id = '{self.file}';
                    get diagnostics moved = row_count;
                    raise exception using message = moved, constraint = moved::text;
                exception when others then
                    get stacked diagnostics words = constraint_name;
                    raise info 'tried % %', target, words;
                end;
            end loop; end $do$""")
        self.assertEqual(said.returncode, 0, said.stderr)
        return dict(re.findall(r"tried (\w+) (\w*)$", said.stderr, re.M))
