-- Each step once: the row is updated only forward, so of two requests with one code the second finds nothing.
update sanjeh.totp
set last_step = $2::int8
where account_id = $1::uuid and last_step < $2::int8 and confirmed_at is not null
returning last_step
