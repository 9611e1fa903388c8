select version from sanjeh.policy_domain
where name = $1::text
for update
