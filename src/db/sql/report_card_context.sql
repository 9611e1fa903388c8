-- Working conditions in the cycle's period; sums of nothing are null, not zero. The weighted caseload (T13) is incoming cases times the
-- weight of their type, in the edition that held when the cycle was announced; it has a value only when every row has a type, a weight and counts.
with period as (
    select e.judge_id, c.period_from, c.period_to,
        (case when c.announced_at is null then sanjeh.clock_now() else c.announced_at end) as announced
    from sanjeh.evaluation e
    join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
    where e.id = $1::uuid
), weight as (
    select distinct on (r.code) r.code, r.amount
    from period p
    join sanjeh.reference r on r.kind = 'case_weight' and r.valid_from <= p.announced::date
        and (r.version = 1 or r.created_at <= p.announced)
    order by r.code, r.valid_from desc
), work as (
    select sum(f.filed)::int8 as filed, sum(f.resolved)::int8 as resolved,
        sum(w.amount * (case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
            then f.pending_end + f.resolved - f.pending_start
            else f.filed + f.returned + f.transferred_in - f.transferred_out end)) as weighted,
        case when count(f.id) = 0 then 'NO_DATA'
            when count(f.case_type) < count(f.id) then 'NO_CASE_TYPES'
            when count(w.amount) < count(f.id) then 'NO_CASE_WEIGHT'
            when count(case when f.filed + f.returned + f.transferred_in - f.transferred_out is null
                then f.pending_end + f.resolved - f.pending_start else 1 end) < count(f.id) then 'UNKNOWN_COUNT' end as reason
    from period p
    join sanjeh.workload_fact f on f.judge_id = p.judge_id and f.in_force
        and f.period_from >= p.period_from and f.period_to <= p.period_to
    left join weight w on w.code = f.case_type
)
select w.filed, w.resolved,
    (select sum(a.leave_days)::int8 from sanjeh.availability_fact a where a.judge_id = p.judge_id
        and a.period_from >= p.period_from and a.period_to <= p.period_to),
    (select nullif(count(*), 0)::int8 from sanjeh.posting a where a.judge_id = p.judge_id
        and a.posted_from between p.period_from and p.period_to),
    case when w.reason is null then trim_scale(round(w.weighted, 3))::text end, w.reason
from period p, work w
