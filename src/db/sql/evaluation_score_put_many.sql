-- Sheets of a page; that of the same round is replaced, unless somebody else made it meanwhile.
insert into sanjeh.evaluation_score (unit_id, id, issuer_scope_id, evaluation_id, judge_id, round, body_ct, key_version,
    coverage, inputs_sha256, correction_id, computed_at)
select r.unit_id, r.id, r.issuer_scope_id, r.evaluation_id, r.judge_id, r.round, r.body_ct, r.key_version,
    r.coverage::numeric, r.inputs_sha256, $11::uuid, sanjeh.clock_now()
from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::int4[], $7::bytea[], $8::int4[],
    $9::text[], $10::bytea[])
    as r (unit_id, id, issuer_scope_id, evaluation_id, judge_id, round, body_ct, key_version, coverage, inputs_sha256)
on conflict (unit_id, evaluation_id, round, correction_id) do update
set body_ct = excluded.body_ct, key_version = excluded.key_version, coverage = excluded.coverage,
    inputs_sha256 = excluded.inputs_sha256, computed_at = excluded.computed_at,
    version = evaluation_score.version + 1
where evaluation_score.id = excluded.id
