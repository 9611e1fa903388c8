update sanjeh.idempotency
set status = $3::int4, body = $4::bytea, location = $5::text, etag = $6::text
where account_id = $1::uuid and key = $2::text
