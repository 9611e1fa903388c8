insert into sanjeh.session (id, token_hash, account_id, factors, created_at, expires_at, seal)
select $1::uuid, $2::bytea, a.id, 'password,totp', $4::timestamptz, $5::timestamptz, $6::bytea
from sanjeh.account a
where a.id = $3::uuid and a.status = 'active'
returning expires_at
