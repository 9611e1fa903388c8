-- One person with a seat of his own, from no board.
insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, capacity, is_judge, judge_id, issuer_scope_id, since)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::text, $6::bool, $7::uuid, $8::uuid, sanjeh.clock_now())
