insert into sanjeh.draft (unit_id, id, issuer_scope_id, evaluation_id, judge_id, round, no, state, body_ct, key_version,
    created_by)
select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::int4, coalesce(max(d.no), 0) + 1, $7::text, $8::bytea,
    $9::int4, $10::uuid
from sanjeh.draft d
where d.evaluation_id = $4::uuid and d.round = $6::int4
returning no
