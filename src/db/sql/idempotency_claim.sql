insert into sanjeh.idempotency (account_id, key, method_route, request_hash)
values ($1::uuid, $2::text, $3::text, $4::bytea)
on conflict (account_id, key) do nothing
returning account_id
