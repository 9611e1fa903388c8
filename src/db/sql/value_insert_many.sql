insert into sanjeh.indicator_value
    (unit_id, id, compartment_id, contribution_id, judge_unit_id, judge_id, court_id, indicator_id,
    period_from, period_to, value, reason, n, value_ct, n_ct, key_version, source_fact_id,
    method_version, inputs_sha256, in_force)
select $1::uuid, w.id, $2::uuid, $3::uuid, w.judge_unit_id, w.judge_id, w.court_id, w.indicator_id,
    date '1970-01-01' + w.period_from, date '1970-01-01' + w.period_to, w.value::numeric, w.reason,
    w.n, w.value_ct, w.n_ct, w.key_version, w.source_fact_id, w.method_version, w.inputs_sha256,
    $20::bool
from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::uuid[], $9::int4[], $10::int4[],
    $11::text[], $12::text[], $13::int8[], $14::bytea[], $15::bytea[], $16::int4[], $17::uuid[],
    $18::text[], $19::bytea[])
    as w (id, judge_unit_id, judge_id, court_id, indicator_id, period_from, period_to, value, reason,
    n, value_ct, n_ct, key_version, source_fact_id, method_version, inputs_sha256)
