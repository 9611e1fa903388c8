select a.id from sanjeh.account a where a.username = $1::text
