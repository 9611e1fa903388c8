-- What units report about courts in a period; a share of fewer than the indicator's least n is withheld.
select v.court_id, i.code, v.period_from, v.period_to, v.n,
    case when v.n < d.min_n then null else trim_scale(v.value)::text end, case when v.n < d.min_n then 'BELOW_MIN_N' end
from sanjeh.indicator_value v
join sanjeh.indicator i on i.id = v.indicator_id and i.kind = 'reported'
join lateral (select n.min_n from sanjeh.indicator_version n where n.indicator_id = i.id and n.status <> 'draft'
    order by n.version desc limit 1) d on true
where v.court_id = any ($1::uuid[]) and v.judge_id is null and v.in_force and v.value is not null
    and v.period_from >= $2::date and v.period_to <= $3::date
    and ($4::timestamptz is null or v.computed_at <= $4::timestamptz)
order by v.court_id, i.code, v.period_from, v.unit_id, v.id
