delete from sanjeh.totp where account_id = $1::uuid
