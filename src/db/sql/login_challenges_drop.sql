delete from sanjeh.login_challenge where account_id = $1::uuid
