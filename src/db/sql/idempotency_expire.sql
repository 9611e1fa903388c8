delete from sanjeh.idempotency
where account_id = $1::uuid and key = $2::text and created_at < now() - interval '24 hours'
