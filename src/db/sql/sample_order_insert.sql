insert into sanjeh.sample_order (unit_id, evaluation_id, office_account_id, issuer_scope_id, created_by, name_ct, key_version)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4)
