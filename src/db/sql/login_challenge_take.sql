-- Consumes the challenge: whoever deletes the row has it. The time is the transaction's, for the session that follows.
delete from sanjeh.login_challenge
where token_hash = $1::bytea and expires_at > now() and failures < $2::int4
returning account_id, now()
