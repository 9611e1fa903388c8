-- A page without documents. $3: a state.
select p.id, p.policy, p.number, p.owner_unit, p.origin, '', '', p.digest, p.previous, p.report_digest, p.diff_digest, '', '', p.passed,
    p.widens, p.need::int4, p.author, p.approval_id, p.created_at, p.state, p.activation, p.activated_at, p.ended_at, p.seal, p.version
from sanjeh.policy_version as p
where p.id > $1::uuid and ($3::text is null or p.state = $3::text)
order by p.id
limit $2::int8
