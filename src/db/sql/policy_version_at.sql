-- What was in force at a time: the root first.
select p.id, p.policy, p.number, p.owner_unit, p.origin, p.document, p.tests, p.digest, p.previous, p.report_digest, p.diff_digest,
    p.report, p.diff, p.passed, p.widens, p.need::int4, p.author, p.approval_id, p.created_at, p.state, p.activation, p.activated_at,
    p.ended_at, p.seal, p.version
from sanjeh.policy_version as p
where p.activated_at <= $1::timestamptz and (p.ended_at is null or p.ended_at > $1::timestamptz)
order by p.owner_unit <> '', p.activation
