insert into sanjeh.account
    (id, unit_id, compartment_id, judge_id, username, display_name, key_version, seal, person_judge_id, seal_form)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::bytea, $7::int4, $8::bytea, $9::uuid, 2)
returning status, version, created_at
