select c.seq, c.changed_at, c.changed_by, c.change, c.assignment_id, c.account_id, c.role, c.kind, c.valid_from, c.valid_until,
    c.locked_from, c.locked_until, c.certified_at, c.revoked_at
from sanjeh.assignment_change c
where c.seq > $1::int8 and ($3::uuid is null or c.account_id = $3::uuid)
order by c.seq
limit $2::int8
