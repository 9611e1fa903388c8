insert into sanjeh.approval_vote (approval_id, person_id, account_id, account_unit, role, approves, method, voted_at, requested_by, seal)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::boolean, $7::text, $8::timestamptz, $9::uuid, $10::bytea)
