-- The newest 20 devices of an account, none older than half a year.
delete from sanjeh.device d
where d.account_id = $1::uuid and (d.created_at < now() - interval '180 days' or d.token_hash not in (
    select n.token_hash
    from sanjeh.device n
    where n.account_id = $1::uuid
    order by n.created_at desc, n.token_hash
    limit 20))
