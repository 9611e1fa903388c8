-- A draft mark again, when nobody changed it since version $3.
update sanjeh.rating
set mark_ct = $4::bytea, reason_ct = $5::bytea, key_version = $6::int4, version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8 and submitted_at is null
