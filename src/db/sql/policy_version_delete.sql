delete from sanjeh.policy_version where id = $1::uuid and version = $2::int8 and state = 'draft'
