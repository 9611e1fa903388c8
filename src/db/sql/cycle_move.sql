-- The reason is kept of the move that ends a cycle before its cut.
update sanjeh.cycle
set state = $3::text, cancelled_reason = case when $3::text = 'cancelled' then $4::text else cancelled_reason end, version = version + 1
where id = $1::uuid and version = $2::int8
