-- What is in force: the root first.
select p.id, p.policy, p.number, p.owner_unit, p.origin, p.document, p.tests, p.digest, p.previous, p.report_digest, p.diff_digest,
    p.report, p.diff, p.passed, p.widens, p.need::int4, p.author, p.approval_id, p.created_at, p.state, p.activation, p.activated_at,
    p.ended_at, p.seal, p.version
from sanjeh.policy_version as p
where p.state = 'active'
order by p.owner_unit <> '', p.activation
