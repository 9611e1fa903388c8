delete from sanjeh.policy_domain
where name = $1::text
returning name
