-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the move from decided to gated asked only that no gate waits for its answer: where none was asked, none waited, and a card went out
--   without any. Each gate says now for which kinds of cycles a card needs it: final decisions and declarations for all, the integrity
--   gate where the cycle itself is for a promotion (PIC answers for an appointment, a promotion or a secondment: rule 7). And gates are asked
--   when the verdict is given, not as soon as the marks are locked; the server has asked for that, the database does now.
-- Locks: gate, gate_answer and evaluation_move for a moment each. Time on big tables: none. What stands in decided without gates waits for them.
-- Retreat: a later migration replaces function, policy and row again and drops the column.

alter table sanjeh.gate add column cycle_kinds text[] not null default '{annual,periodic,probation,promotion,interim}'
    constraint gate_cycle_kinds_known check (cycle_kinds <@ '{annual,periodic,probation,promotion,interim}'::text[]);
comment on column sanjeh.gate.cycle_kinds is 'kinds of cycles whose cards need an answer of it';
update sanjeh.gate set cycle_kinds = '{promotion}' where code = 'D03';

update sanjeh.evaluation_move set guards = '{GATES_ASKED,NO_GATE_ASKED}' where from_state = 'decided' and to_state = 'gated';

create or replace function sanjeh.evaluation_facts_after(e sanjeh.evaluation) returns table (code text, is_met boolean)
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    decision text;
begin
    select x.outcome into decision from sanjeh.appeal as x
    where x.evaluation_id = e.id and x.round = e.round and x.state = 'decided';
    return query values
        ('DISCLOSURE_MADE', exists (select from sanjeh.disclosure as x
            where x.evaluation_id = e.id and x.round = e.round and x.served_at >= e.state_since)),
        ('REPLY_SUBMITTED', exists (select from sanjeh.reply as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'submitted' and x.submitted_at >= e.state_since)),
        ('REPLY_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'reply', true)),
        ('POINTS_ANSWERED', not exists (select from sanjeh.reply_point as x
            where x.evaluation_id = e.id and x.round = e.round and x.answered_at is null)),
        ('VERDICT_MADE', exists (select from sanjeh.verdict as x where x.evaluation_id = e.id and x.round = e.round)),
        ('GATES_ASKED', not exists (select from sanjeh.gate as g join sanjeh.cycle as c on c.kind = any (g.cycle_kinds)
            where c.unit_id = e.unit_id and c.id = e.cycle_id and not exists (select from sanjeh.gate_answer as x
                where x.evaluation_id = e.id and x.round = e.round and x.gate = g.code))),
        ('NO_GATE_ASKED', not exists (select from sanjeh.gate_answer as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'asked')),
        ('CARD_MADE', exists (select from sanjeh.report_card as x where x.evaluation_id = e.id and x.round = e.round)),
        ('CARD_SUPERSEDED', exists (select from sanjeh.report_card as x
            where x.evaluation_id = e.id and x.supersedes is not null and x.issued_at >= e.state_since)),
        ('APPEAL_FILED', exists (select from sanjeh.appeal as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'filed')),
        ('APPEAL_IN_TIME', exists (select from sanjeh.deadline as x where x.unit_id = e.unit_id and x.evaluation_id = e.id
            and x.code = 'appeal' and x.state = 'open' and x.due_at >= sanjeh.clock_now())),
        ('APPEAL_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'appeal', true)),
        ('APPEAL_KEPT', coalesce(decision in ('upheld', 'rejected'), false)),
        ('APPEAL_VARIED', coalesce(decision = 'varied', false)),
        ('APPEAL_REMANDED', coalesce(decision = 'remanded', false)),
        ('APPEAL_DISJOINT', exists (select from sanjeh.seat as a where a.evaluation_id = e.id and a.ended_at is null
                and a.capacity in ('appeal_chair', 'appeal_member'))
            and not exists (select from sanjeh.seat as a join sanjeh.seat as s on s.evaluation_id = a.evaluation_id
                and (s.person_id = a.person_id or s.account_id = a.account_id)
                and s.capacity not in ('appeal_chair', 'appeal_member')
                where a.evaluation_id = e.id and a.ended_at is null and a.capacity in ('appeal_chair', 'appeal_member'))
            and not exists (select from sanjeh.seat as a where a.evaluation_id = e.id and a.ended_at is null
                and a.capacity in ('appeal_chair', 'appeal_member')
                and (exists (select from sanjeh.report_card as k where k.evaluation_id = e.id
                        and sanjeh.person_of(k.issued_by) = a.person_id)
                    or exists (select from sanjeh.cycle as c where c.unit_id = e.unit_id and c.id = e.cycle_id
                        and sanjeh.person_of(c.issuer_signed_by) = a.person_id)))),
        ('CORRECTION_ORDERED', exists (select from sanjeh.correction_order as x
            where x.evaluation_id = e.id and x.created_at >= e.state_since));
end
$$;

alter policy gate_ask on sanjeh.gate_answer with check (
    array[issuer_scope_id] && (select sanjeh.scope_ids()) and state = 'asked' and array[created_by] && (select sanjeh.scope_ids())
    and exists (select from sanjeh.evaluation as e where e.id = gate_answer.evaluation_id and e.marks_locked_at is not null
        and e.state = 'decided'));
