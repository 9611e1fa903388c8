insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, board_id, capacity, is_judge, judge_id,
    issuer_scope_id, since)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::text, $7::bool, $8::uuid, $9::uuid, sanjeh.clock_now())
