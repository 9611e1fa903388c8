-- Consumes the challenge: whoever deletes the row has it.
delete from sanjeh.login_challenge
where token_hash = $1::bytea and expires_at > now() and failures < $2::int4
returning account_id
