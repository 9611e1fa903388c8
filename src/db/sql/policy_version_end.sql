update sanjeh.policy_version
set state = 'superseded', ended_at = $2::timestamptz, version = version + 1
where policy = $1::text and state = 'active'
