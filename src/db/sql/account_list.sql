-- A page of the accounts that the context shows.
select
    a.id, a.username, a.display_name, a.key_version, a.unit_id, a.compartment_id, a.judge_id, u.code, c.code, a.status,
    (select string_agg(r.role, ',' order by r.role) from sanjeh.role_assignment r
        where r.account_id = a.id and r.revoked_at is null and (r.valid_until is null or r.valid_until > sanjeh.clock_now())
            and (r.valid_from is null or r.valid_from <= sanjeh.clock_now())
            and not (r.locked_from is not null and r.locked_from <= sanjeh.clock_now()
                and (r.locked_until is null or r.locked_until > sanjeh.clock_now()))),
    a.version, a.created_at
from sanjeh.account a
left join sanjeh.unit u on u.id = a.unit_id
left join sanjeh.unit c on c.id = a.compartment_id
where a.id > $1::uuid
order by a.id
limit $2::int8
