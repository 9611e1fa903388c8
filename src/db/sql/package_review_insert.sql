insert into sanjeh.package_review (unit_id, package_id, round, kind, account_id, person_id, approves, note)
values ($1::uuid, $2::uuid, $3::int4, $4::text, $5::uuid, $6::uuid, $7::bool, $8::text)
