-- $7 null: certification stays who made it.
update sanjeh.role_assignment
set valid_until = $2::timestamptz, locked_from = $3::timestamptz, locked_until = $4::timestamptz, certified_at = $5::timestamptz,
    changed_by = $6::uuid, certified_by = coalesce($7::uuid, certified_by)
where id = $1::uuid and revoked_at is null
returning seq
