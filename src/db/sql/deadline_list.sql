-- Running, lapsed and escalated clocks that the caller sees; mine: those that are his to keep.
select d.id, 0::int8, jsonb_build_object('id', d.id, 'evaluation_id', d.evaluation_id, 'code', d.code, 'holder', d.holder,
    'started_at', sanjeh.rfc3339(d.started_at), 'due_at', sanjeh.rfc3339(d.due_at), 'state', d.state, 'extended', d.extended,
    'is_overdue', d.state = 'open' and d.due_at < sanjeh.clock_now(), 'ended_at', sanjeh.rfc3339(d.ended_at),
    'escalated_at', sanjeh.rfc3339(d.escalated_at))::text
from sanjeh.deadline as d
join sanjeh.evaluation as e on e.id = d.evaluation_id
where d.id > $1::uuid and ($3::text is null or d.state = $3::text) and ($5::uuid is null or d.evaluation_id = $5::uuid)
    and (not $4::bool or case when d.holder_account is not null then array[d.holder_account] && (select sanjeh.scope_ids())
        when d.holder = 'board' then sanjeh.evaluation_parts(e.id) && '{lead,board}'
        else d.holder = any (sanjeh.evaluation_parts(e.id)) end)
order by d.id
limit $2::int8
