-- unnest in the list of columns, not in FROM: there each array would first become a table of its own (2.3 us a row, here 1.0).
-- All arrays are of one length.
insert into sanjeh.workload_fact
    (unit_id, id, compartment_id, contribution_id, judge_unit_id, judge_id, court_id, period_from,
    period_to, pending_start, filed, returned, transferred_in, transferred_out, resolved,
    pending_end, case_type, on_time, hearings, first_date_held, adjourned_no_ground, in_force)
select $1::uuid, w.id, $2::uuid, $3::uuid, w.judge_unit_id, w.judge_id, w.court_id,
    date '1970-01-01' + w.period_from, date '1970-01-01' + w.period_to, w.pending_start, w.filed,
    w.returned, w.transferred_in, w.transferred_out, w.resolved, w.pending_end,
    w.case_type, w.on_time, w.hearings, w.first_date_held, w.adjourned_no_ground,
    $22::bool
from (select
        unnest($4::uuid[]) as id, unnest($5::uuid[]) as judge_unit_id, unnest($6::uuid[]) as judge_id,
        unnest($7::uuid[]) as court_id, unnest($8::int4[]) as period_from, unnest($9::int4[]) as period_to,
        unnest($10::int8[]) as pending_start, unnest($11::int8[]) as filed, unnest($12::int8[]) as returned,
        unnest($13::int8[]) as transferred_in, unnest($14::int8[]) as transferred_out,
        unnest($15::int8[]) as resolved, unnest($16::int8[]) as pending_end, unnest($17::text[]) as case_type,
        unnest($18::int8[]) as on_time, unnest($19::int8[]) as hearings, unnest($20::int8[]) as first_date_held,
        unnest($21::int8[]) as adjourned_no_ground) as w
