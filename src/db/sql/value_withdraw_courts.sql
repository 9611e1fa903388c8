-- The owner's former figures of courts in this period go out of force, for those that a computation brings now.
update sanjeh.indicator_value v
set in_force = false
from unnest($2::uuid[], $3::text[]) as w (court_id, code)
join sanjeh.indicator i on i.code = w.code and i.kind = 'computed'
where v.unit_id = $1::uuid and v.court_id = w.court_id and v.judge_id is null and v.in_force and v.indicator_id = i.id
    and v.period_from = $4::date and v.period_to = $5::date
