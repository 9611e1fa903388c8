select r.id, r.role, r.kind, r.depth, r.granted_by, r.source_id, r.valid_from, r.valid_until, r.locked_from, r.locked_until,
    r.certified_at
from sanjeh.role_assignment r
where r.account_id = $1::uuid and r.revoked_at is null
order by r.id
