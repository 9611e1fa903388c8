update sanjeh.contribution
set state = $3::text, accepted_by = coalesce($4::uuid, accepted_by), reason = $5::bytea, version = version + 1
where unit_id = $1::uuid and id = $2::uuid
