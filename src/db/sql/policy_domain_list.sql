select name, version, updated_at, updated_by from sanjeh.policy_domain
where name > $1::text
order by name
limit $2::int8
