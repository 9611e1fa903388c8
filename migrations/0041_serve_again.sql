-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a reply may reopen the draft within one round. The first serving then still counted, so the second draft could be called disclosed
--   unserved, and the first reply counted as the second. Both must be younger than the state that asks for them. And a point of the
--   first reply that was open when the second lapsed could be answered by nobody, while the verdict waits for its answer:
--   the board answers from the reply on, in every state until it has decided.
-- Locks: reply_point for the moment of a policy. Time on big tables: none. Retreat: a later migration replaces function and policy again.

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

select sanjeh.widen_policy('sanjeh.reply_point', 'file_change', 'exists (select from sanjeh.seat as s
    join sanjeh.evaluation as e on e.id = s.evaluation_id
    where s.evaluation_id = reply_point.evaluation_id and s.ended_at is null and array[s.account_id] && (select sanjeh.scope_ids())
        and s.capacity in (''chair'', ''member'', ''rapporteur'')
        and e.state in (''drafted'', ''calibrated'', ''disclosed'', ''reply_lapsed''))');
