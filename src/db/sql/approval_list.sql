-- A page of requests, without their votes. $3: a state, $4: an action.
select a.id, a.action, a.object_id, a.parameters, a.operation, a.reason, a.need::int4, a.by_role, a.other_unit, a.requested_by,
    a.requested_person, a.requested_unit, a.requested_at, a.expires_at, s.state, a.decided_at, a.used_at, a.seal, a.version
from sanjeh.approval as a
cross join lateral (select case when a.state in ('open', 'approved') and a.expires_at <= statement_timestamp() then 'expired'
    else a.state end) as s (state)
where a.id > $1::uuid and ($3::text is null or s.state = $3::text) and ($4::text is null or a.action = $4::text)
order by a.id
limit $2::int8
