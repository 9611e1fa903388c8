-- Working conditions in the cycle's period; sums of nothing are null, not zero.
select
    (select sum(f.filed)::int8 from sanjeh.workload_fact f where f.judge_id = e.judge_id and f.in_force
        and f.period_from >= c.period_from and f.period_to <= c.period_to),
    (select sum(f.resolved)::int8 from sanjeh.workload_fact f where f.judge_id = e.judge_id and f.in_force
        and f.period_from >= c.period_from and f.period_to <= c.period_to),
    (select sum(a.leave_days)::int8 from sanjeh.availability_fact a where a.judge_id = e.judge_id
        and a.period_from >= c.period_from and a.period_to <= c.period_to),
    (select nullif(count(*), 0)::int8 from sanjeh.posting p where p.judge_id = e.judge_id
        and p.posted_from between c.period_from and c.period_to)
from sanjeh.evaluation e
join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
where e.id = $1::uuid
