delete from sanjeh.password where account_id = $1::uuid
