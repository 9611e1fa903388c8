select id from sanjeh.account
where username = $1::text
