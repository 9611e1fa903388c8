update sanjeh.session
set revoked_at = now()
where id = $1::uuid and account_id = $2::uuid and revoked_at is null and expires_at > now()
returning id
