update sanjeh.login_challenge
set failures = failures + 1
where token_hash = $1::bytea
