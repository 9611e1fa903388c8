update sanjeh.deadline as d
set extended = true, due_at = sanjeh.deadline_of(d.due_at, coalesce(cc.days, k.days), coalesce(cc.day_kind, k.day_kind))
from sanjeh.evaluation as e
join sanjeh.clock as k on k.code = $3::text
left join sanjeh.cycle_clock as cc on cc.unit_id = e.unit_id and cc.cycle_id = e.cycle_id and cc.code = k.code
where e.id = $1::uuid and d.unit_id = e.unit_id and d.evaluation_id = e.id and d.code = $2::text and d.state = 'open'
    and not d.extended and d.due_at >= sanjeh.clock_now()
