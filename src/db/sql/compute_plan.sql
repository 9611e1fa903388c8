-- The cycle's template with the definitions in force on the day of its announcement, and how many evaluations there are.
select c.unit_id, c.period_from, c.period_to, c.coverage_min, t.no, t.family, t.source = 'mark',
    trim_scale(t.weight)::text, i.code, i.id, i.kind, v.version, v.formula, v.unit, v.direction,
    trim_scale(v.anchor_floor)::text, trim_scale(v.anchor_target)::text, trim_scale(v.anchor_cap)::text,
    trim_scale(v.band_low)::text, trim_scale(v.band_high)::text, v.min_n, v.level like 'J%',
    (select count(*) from sanjeh.evaluation e
        where e.unit_id = c.unit_id and e.cycle_id = c.id and e.state in ('collecting', 'frozen'))
from sanjeh.cycle c
join sanjeh.template_item t on t.unit_id = c.unit_id and t.template_id = c.template_id
left join sanjeh.indicator i on i.code = t.indicator_code
left join lateral (
    select d.* from sanjeh.indicator_version d
    where d.indicator_id = i.id and d.status <> 'draft'
        and d.valid_from <= (case when c.announced_at is null then sanjeh.clock_now() else c.announced_at end)::date
        and (d.version = 1 or c.announced_at is null or d.created_at <= c.announced_at)
    order by d.version desc limit 1) v on true
where c.id = $1::uuid
order by t.no
