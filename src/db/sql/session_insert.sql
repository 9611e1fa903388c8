insert into sanjeh.session (id, token_hash, account_id, factors, expires_at)
select $1::uuid, $2::bytea, a.id, 'password,totp', now() + make_interval(secs => $4::int8)
from sanjeh.account a
where a.id = $3::uuid and a.status = 'active'
returning expires_at
