-- $3: the next state.
update sanjeh.approval
set state = $3::text, version = version + 1, decided_at = coalesce(decided_at, statement_timestamp()),
    used_at = case when $3::text = 'used' then statement_timestamp() end
where id = $1::uuid and version = $2::int8
