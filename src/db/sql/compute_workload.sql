-- The workload of a page of judges in a period: stocks at its ends, flows summed; a sum with an unknown part is unknown.
with f as (
    select w.*, min(w.period_from) over one as first_day, max(w.period_to) over one as last_day,
        sum(w.period_to - w.period_from + 1) over one as covered_days,
        case when w.filed + w.returned + w.transferred_in - w.transferred_out is null
            then w.pending_end + w.resolved - w.pending_start
            else w.filed + w.returned + w.transferred_in - w.transferred_out end as incoming
    from sanjeh.workload_fact w
    where w.in_force and w.judge_id = any($1::uuid[])
        and w.period_from >= $2::date and w.period_to <= $3::date
    window one as (partition by w.unit_id, w.judge_id, w.court_id, w.case_type)
)
select f.judge_id, count(distinct f.unit_id),
    bool_or(f.covered_days > f.last_day - f.first_day + 1)
        or (bool_or(f.court_id is null) and bool_or(f.court_id is not null))
        or (bool_or(f.case_type is null) and bool_or(f.case_type is not null)),
    max(f.last_day) - min(f.first_day) + 1,
    case when bool_and(f.pending_start is not null or f.period_from > f.first_day)
        then (sum(f.pending_start) filter (where f.period_from = f.first_day))::int8 end,
    case when bool_and(f.incoming is not null) then sum(f.incoming)::int8 end,
    case when bool_and(f.resolved is not null) then sum(f.resolved)::int8 end,
    case when bool_and(f.pending_end is not null or f.period_to < f.last_day)
        then (sum(f.pending_end) filter (where f.period_to = f.last_day))::int8 end,
    case when bool_and(f.filed is not null) then sum(f.filed)::int8 end,
    case when bool_and(f.returned is not null) then sum(f.returned)::int8 end,
    case when bool_and(f.transferred_in is not null) then sum(f.transferred_in)::int8 end,
    case when bool_and(f.transferred_out is not null) then sum(f.transferred_out)::int8 end
from f
group by f.judge_id
order by f.judge_id
