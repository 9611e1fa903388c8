-- A review belongs to the office that drew its sample.
insert into sanjeh.opinion_review (unit_id, id, issuer_scope_id, evaluation_id, judge_id, office_account_id, sample_id, account_id,
    body_ct, key_version, created_by)
select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, d.office_account_id, d.id, $7::uuid, $8::bytea, $9::int4, $7::uuid
from sanjeh.decision_sample d
where d.unit_id = $1::uuid and d.id = $6::uuid
