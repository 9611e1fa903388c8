-- Figures of courts as a computation worked them out of the courts' own workload.
insert into sanjeh.indicator_value (unit_id, id, contribution_id, court_id, indicator_id, period_from, period_to, value, reason, n, coverage,
    method_version, inputs_sha256)
select $1::uuid, gen_random_uuid(), $2::uuid, w.court_id, i.id, $3::date, $4::date, w.value::numeric, w.reason, w.n, w.coverage::numeric,
    w.method, w.inputs
from unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::int8[], $10::text[], $11::text[], $12::bytea[])
    as w (court_id, code, value, reason, n, coverage, method, inputs)
join sanjeh.indicator i on i.code = w.code and i.kind = 'computed'
