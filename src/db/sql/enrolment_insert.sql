insert into sanjeh.enrolment (account_id, token_hash, made_by, created_at, expires_at, seal)
values ($1::uuid, $2::bytea, $3::uuid, $4::timestamptz, $5::timestamptz, $6::bytea)
