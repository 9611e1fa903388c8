-- One request; a row for each of its votes, or one without.
select a.id, a.action, a.object_id, a.parameters, a.operation, a.reason, a.need::int4, a.by_role, a.other_unit, a.requested_by,
    a.requested_person, a.requested_unit, a.requested_at, a.expires_at,
    case when a.state in ('open', 'approved') and a.expires_at <= statement_timestamp() then 'expired' else a.state end,
    a.decided_at, a.used_at, a.seal, a.version,
    v.person_id, v.account_id, v.account_unit, v.role, v.approves, v.method, v.voted_at, v.seal
from sanjeh.approval as a
left join sanjeh.approval_vote as v on v.approval_id = a.id
where a.id = $1::uuid
order by v.voted_at, v.person_id
