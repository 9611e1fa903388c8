-- Women beside men in each indicator, by its whole spread. Unknown is open.
insert into sanjeh.package_bias (unit_id, package_id, indicator, gap, state)
select p.unit_id, p.id, i.code, g.gap, case when g.gap < 0.2 then 'clear' else 'open' end
from sanjeh.package as p cross join unnest(p.indicators) as i(code)
cross join lateral (
    select round(case when f.mean = m.mean then 0 else abs(f.mean - m.mean) / nullif(w.spread, 0) end, 4) as gap
    from (select a.mean from sanjeh.aggregates(i.code, p.period_from, p.period_to, 'sex') as a where a.group_key = 'female') as f
    full join (select a.mean from sanjeh.aggregates(i.code, p.period_from, p.period_to, 'sex') as a where a.group_key = 'male') as m on true
    full join (select a.spread from sanjeh.aggregates(i.code, p.period_from, p.period_to, 'all') as a) as w on true
    union all select null limit 1) as g
where p.unit_id = $1::uuid and p.id = $2::uuid
