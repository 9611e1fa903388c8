update sanjeh.session set revoked_at = now()
where account_id = $1::uuid and revoked_at is null
