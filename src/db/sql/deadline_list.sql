-- Running, lapsed and escalated clocks that the caller sees; mine: those that are his to keep, and lapsed ones that came to him
-- and are still undone. Data issues and actions of plans carry their own day and stand here too.
with clocks as (
    select d.id, d.evaluation_id, e.judge_id, d.code, d.holder, d.holder_account, null::uuid as holder_unit, d.started_at, d.due_at, d.state,
        d.extended, d.ended_at, d.escalated_at,
        case when d.escalated_at is not null and e.state = case d.code when 'challenge_decision' then 'notified'
            when 'draft' then 'rating' when 'appeal_decision' then 'appealed' end then k.escalates_to end as escalated_to
    from sanjeh.deadline as d
    join sanjeh.evaluation as e on e.id = d.evaluation_id
    join sanjeh.clock as k on k.code = d.code
    union all
    select i.id, i.evaluation_id, i.judge_id, 'issue_answer', 'unit', null::uuid, i.unit_id, i.opened_at, i.due_at,
        case when i.state <> 'open' then 'met' when i.due_at < sanjeh.clock_now() then 'lapsed' else 'open' end, false,
        case when i.state <> 'open' then i.answered_at when i.due_at < sanjeh.clock_now() then i.due_at end,
        case when i.state = 'open' and i.due_at < sanjeh.clock_now() then i.due_at end, 'owner'
    from sanjeh.data_issue as i
    union all
    select a.id, a.evaluation_id, a.judge_id, 'plan_action', case a.state when 'reported' then 'owner' else 'judge' end, a.mentor_account, null::uuid,
        a.created_at, x.due_at, case when a.state = 'accepted' then 'met' when x.due_at < sanjeh.clock_now() then 'lapsed' else 'open' end,
        false, case when a.state = 'accepted' then a.accepted_at when x.due_at < sanjeh.clock_now() then x.due_at end,
        case when a.state <> 'accepted' and x.due_at < sanjeh.clock_now() then x.due_at end, 'owner'
    from sanjeh.plan_action as a,
        lateral (select (a.due_on + 1)::timestamp at time zone 'Asia/Tehran' - interval '1 microsecond' as due_at) as x
)
select d.id, 0::int8, jsonb_build_object('id', d.id, 'evaluation_id', d.evaluation_id, 'code', d.code, 'holder', d.holder,
    'started_at', sanjeh.rfc3339(d.started_at), 'due_at', sanjeh.rfc3339(d.due_at), 'state', d.state, 'extended', d.extended,
    'is_overdue', d.state = 'open' and d.due_at < sanjeh.clock_now(), 'ended_at', sanjeh.rfc3339(d.ended_at),
    'escalated_at', sanjeh.rfc3339(d.escalated_at),
    'escalated_to', case when d.escalated_at is not null then d.escalated_to end)::text, d.judge_id
from clocks as d
where d.id > $1::uuid and ($3::text is null or d.state = $3::text) and ($5::uuid is null or d.evaluation_id = $5::uuid)
    and (not $4::bool
        or array[d.holder_account, d.holder_unit] && (select sanjeh.scope_ids())
        or d.holder_account is null and case when d.holder = 'board' then sanjeh.evaluation_parts(d.evaluation_id) && '{lead,board}'
            else d.holder = any (sanjeh.evaluation_parts(d.evaluation_id)) end
        or d.escalated_at is not null and d.escalated_to = any (sanjeh.evaluation_parts(d.evaluation_id)))
order by d.id
limit $2::int8
