-- What an account held at a moment: of each assignment the last change before it, unless that ended it.
select l.assignment_id, l.role, l.kind, 0::int8, null::uuid, null::uuid, l.valid_from, l.valid_until, l.locked_from, l.locked_until, l.certified_at
from (
    select distinct on (c.assignment_id) c.assignment_id, c.change, c.role, c.kind, c.valid_from, c.valid_until, c.locked_from,
        c.locked_until, c.certified_at, c.revoked_at
    from sanjeh.assignment_change as c
    where c.account_id = $1::uuid and c.changed_at <= $2::timestamptz
    order by c.assignment_id, c.seq desc
) as l
where l.revoked_at is null and l.change <> 'deleted'
order by l.assignment_id
