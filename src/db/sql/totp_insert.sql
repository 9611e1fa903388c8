-- Handed over in person by local administration, so it counts as confirmed.
insert into sanjeh.totp (account_id, secret, key_version, confirmed_at)
values ($1::uuid, $2::bytea, $3::int4, now())
