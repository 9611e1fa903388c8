select name, version, updated_at, updated_by, document, seal from sanjeh.policy_domain
where name = $1::text
