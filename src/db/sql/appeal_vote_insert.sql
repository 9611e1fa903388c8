insert into sanjeh.appeal_vote (
    unit_id, id, issuer_scope_id, evaluation_id, judge_id, body_ct, key_version, created_by, round, appeal_id, person_id)
values (
    $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::bytea, $7::int4, $8::uuid, $9::int4, $10::uuid, (select s.person_id from sanjeh.seat as s where s.evaluation_id = $4::uuid and s.account_id = $8::uuid
        and s.ended_at is null and s.capacity in ('appeal_chair', 'appeal_member') limit 1))
