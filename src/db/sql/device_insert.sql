insert into sanjeh.device (account_id, token_hash)
values ($1::uuid, $2::bytea)
