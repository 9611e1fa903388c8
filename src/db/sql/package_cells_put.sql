insert into sanjeh.package_cell (unit_id, package_id, indicator, group_key, n, mean, spread)
select p.unit_id, p.id, i.code, a.group_key, a.n, a.mean, a.spread
from sanjeh.package as p cross join unnest(p.indicators) as i(code)
cross join lateral sanjeh.aggregates(i.code, p.period_from, p.period_to, p.grouped_by) as a
where p.unit_id = $1::uuid and p.id = $2::uuid
