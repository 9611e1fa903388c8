-- One value that was measured here, by a survey or by readers of decisions, under the newest definition of its indicator.
insert into sanjeh.indicator_value
    (unit_id, id, compartment_id, contribution_id, judge_unit_id, judge_id, indicator_id, period_from, period_to, value_ct,
    n_ct, key_version, method_version)
select $1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, i.id, $8::date, $9::date, $10::bytea, $11::bytea,
    $12::int4, $13::text
from sanjeh.indicator i
where i.code = $7::text and i.kind in ('survey', 'reported')
order by i.version desc
limit 1
