-- With a moment as the last parameter: what had come in by then, and what corrections brought since.
-- The workload that courts themselves report (rows about no judge) in a period: stocks at the ends of each chain (source, case type), flows
-- summed; a sum with an unknown part is unknown. Coverage is the percent of the period's days that the chains speak of.
with chain as (
    select f.court_id, f.unit_id, f.case_type, min(f.period_from) as first_day, max(f.period_to) as last_day,
        sum(f.period_to - f.period_from + 1) as covered, count(*) as rows,
        (array_agg(f.pending_start order by f.period_from))[1] as stock_before,
        (array_agg(f.pending_end order by f.period_to desc))[1] as stock_after,
        count(case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
            then f.pending_end + f.resolved - f.pending_start else 1 end) as incoming_known,
        sum(case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
            then f.pending_end + f.resolved - f.pending_start
            else f.filed + f.returned + f.transferred_in - f.transferred_out end) as incoming,
        count(f.resolved) as resolved_known, sum(f.resolved) as resolved
    from sanjeh.workload_fact f
    where f.court_id = any ($1::uuid[]) and f.judge_id is null and f.in_force
        and f.period_from >= $2::date and f.period_to <= $3::date
        and ($4::timestamptz is null or exists (select from sanjeh.contribution b where b.unit_id = f.unit_id and b.id = f.contribution_id
        and (b.created_at <= $4::timestamptz or b.correction_id is not null)))
    group by f.court_id, f.unit_id, f.case_type
)
select k.id, k.code, k.name_fa, k.name_en, count(distinct c.unit_id)::int8,
    coalesce(bool_or(c.covered > c.last_day - c.first_day + 1), false)
        or (coalesce(bool_or(c.case_type is null), false) and coalesce(bool_or(c.case_type is not null), false)),
    (max(c.last_day) - min(c.first_day) + 1)::int8,
    case when count(c.stock_before) = count(c.rows) then sum(c.stock_before)::int8 end,
    case when sum(c.incoming_known) = sum(c.rows) then sum(c.incoming)::int8 end,
    case when sum(c.resolved_known) = sum(c.rows) then sum(c.resolved)::int8 end,
    case when count(c.stock_after) = count(c.rows) then sum(c.stock_after)::int8 end,
    round(100 * sum(c.covered) / (count(c.rows) * ($3::date - $2::date + 1)), 2)::text
from sanjeh.court k
left join chain c on c.court_id = k.id
where k.id = any ($1::uuid[])
group by k.id
order by k.id
