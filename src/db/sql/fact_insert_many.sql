insert into sanjeh.workload_fact
    (unit_id, id, compartment_id, contribution_id, judge_unit_id, judge_id, court_id, period_from,
    period_to, pending_start, filed, returned, transferred_in, transferred_out, resolved,
    pending_end, case_type, on_time, hearings, first_date_held, adjourned_no_ground)
select $1::uuid, w.id, $2::uuid, $3::uuid, w.judge_unit_id, w.judge_id, w.court_id,
    date '1970-01-01' + w.period_from, date '1970-01-01' + w.period_to, w.pending_start, w.filed,
    w.returned, w.transferred_in, w.transferred_out, w.resolved, w.pending_end,
    w.case_type, w.on_time, w.hearings, w.first_date_held, w.adjourned_no_ground
from unnest($4::uuid[], $5::uuid[], $6::uuid[], $7::uuid[], $8::int4[], $9::int4[], $10::int8[],
    $11::int8[], $12::int8[], $13::int8[], $14::int8[], $15::int8[], $16::int8[], $17::text[], $18::int8[], $19::int8[],
    $20::int8[], $21::int8[])
    as w (id, judge_unit_id, judge_id, court_id, period_from, period_to, pending_start, filed,
    returned, transferred_in, transferred_out, resolved, pending_end, case_type, on_time, hearings, first_date_held,
    adjourned_no_ground)
