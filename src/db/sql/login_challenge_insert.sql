insert into sanjeh.login_challenge (token_hash, account_id, expires_at, seal)
values ($1::bytea, $2::uuid, now() + make_interval(secs => $3::int8), $4::bytea)
returning expires_at
