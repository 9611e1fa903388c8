-- The largest number of a policy that was ever in force, 0 when none was.
select coalesce(max(p.number), 0) from sanjeh.policy_version as p where p.policy = $1::text and p.activation is not null
