insert into sanjeh.plan_action (
    unit_id, id, issuer_scope_id, evaluation_id, judge_id, body_ct, key_version, created_by, round, no, plan_id, due_on, mentor_account, owner_unit_id)
values (
    $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4, $8::uuid, $9::int4, $10::int4, $11::uuid, $12::date, $13::uuid, (select e.unit_id from sanjeh.evaluation as e where e.id = $4::uuid))
