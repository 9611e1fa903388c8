update sanjeh.role_assignment
set revoked_at = sanjeh.clock_now(), revoked_by = $2::uuid, changed_by = $2::uuid, revoke_cause = $3::text
where id = $1::uuid and revoked_at is null
returning seq
