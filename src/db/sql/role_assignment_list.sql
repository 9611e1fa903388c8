select r.id, r.role, r.kind, r.depth, r.granted_by, r.source_id, r.valid_from, r.valid_until, r.locked_from, r.locked_until,
    r.certified_at,
    r.account_id, a.username, u.code, r.reason, r.certified_by, r.granted_at, r.revoked_at, r.revoked_by, r.revoke_cause, r.seq, r.version
from sanjeh.role_assignment r
join sanjeh.account a on a.id = r.account_id
left join sanjeh.unit u on u.id = a.unit_id
where r.id > $1::uuid
    and ($3::uuid is null or r.account_id = $3::uuid)
    and ($4::uuid is null or a.unit_id = $4::uuid)
    and ($5::uuid is null or r.granted_by = $5::uuid)
    and ($6::text is null or r.role = $6::text)
    and ($7::bool or r.revoked_at is null)
    and (not $8::bool or r.kind = 'delegated')
order by r.id
limit $2::int8
