-- With a moment as the last parameter: what had come in by then, and what corrections brought since.
-- The workload of many judges in a period, a row for each source, in one pass: stocks at the ends of each chain (source, court, case type), flows summed;
-- a sum with an unknown part is unknown. A day and a count are packed into one number (day × 2^40 + count, all ones: unknown), so
-- that the aggregates keep their state by value: first and last stock cost no sorting.
with chain as (
    select f.judge_id, f.unit_id, f.court_id, f.case_type,
        min((f.period_from - date '0001-01-01')::int8 << 40 | coalesce(f.pending_start, 1099511627775)) as first,
        max((f.period_to - date '0001-01-01')::int8 << 40 | coalesce(f.pending_end, 1099511627775)) as last,
        sum(f.period_to - f.period_from + 1) as covered_days, count(*) as rows,
        count(case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
            then f.pending_end + f.resolved - f.pending_start else 1 end) as incoming_known,
        sum(case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
            then f.pending_end + f.resolved - f.pending_start
            else f.filed + f.returned + f.transferred_in - f.transferred_out end) as incoming,
        count(f.resolved) as resolved_known, sum(f.resolved::int4) as resolved,
        count(f.filed) as filed_known, sum(f.filed::int4) as filed,
        count(f.returned) as returned_known, sum(f.returned::int4) as returned,
        count(f.transferred_in) as in_known, sum(f.transferred_in::int4) as transferred_in,
        count(f.transferred_out) as out_known, sum(f.transferred_out::int4) as transferred_out
    from sanjeh.workload_fact f
    where f.in_force and f.judge_id = any($1::uuid[]) and f.period_from >= $2::date and f.period_to <= $3::date
        and ($4::timestamptz is null or exists (select from sanjeh.contribution b where b.unit_id = f.unit_id and b.id = f.contribution_id
        and (b.created_at <= $4::timestamptz or b.correction_id is not null)))
    group by f.judge_id, f.unit_id, f.court_id, f.case_type
)
select c.judge_id,
    bool_or(c.covered_days > (c.last >> 40) - (c.first >> 40) + 1)
        or (bool_or(c.court_id is null) and bool_or(c.court_id is not null))
        or (bool_or(c.case_type is null) and bool_or(c.case_type is not null)),
    max(c.last >> 40) - min(c.first >> 40) + 1,
    case when bool_and(c.first & 1099511627775 <> 1099511627775) then sum(c.first & 1099511627775)::int8 end,
    case when sum(c.incoming_known) = sum(c.rows) then sum(c.incoming)::int8 end,
    case when sum(c.resolved_known) = sum(c.rows) then sum(c.resolved)::int8 end,
    case when bool_and(c.last & 1099511627775 <> 1099511627775) then sum(c.last & 1099511627775)::int8 end,
    case when sum(c.filed_known) = sum(c.rows) then sum(c.filed)::int8 end,
    case when sum(c.returned_known) = sum(c.rows) then sum(c.returned)::int8 end,
    case when sum(c.in_known) = sum(c.rows) then sum(c.transferred_in)::int8 end,
    case when sum(c.out_known) = sum(c.rows) then sum(c.transferred_out)::int8 end,
    string_agg(distinct uuid_send(c.court_id), ''::bytea)
from chain c
group by c.judge_id, c.unit_id
