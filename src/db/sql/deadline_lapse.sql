-- Clocks whose day is over; several servers share the work.
update sanjeh.deadline as d
set state = 'lapsed', ended_at = sanjeh.clock_now(), escalated_at = case when k.escalates_to is null then null else sanjeh.clock_now() end
from (select x.unit_id, x.id from sanjeh.deadline as x where x.state = 'open' and x.due_at < sanjeh.clock_now()
    order by x.due_at limit 500 for update skip locked) as due, sanjeh.clock as k
where d.unit_id = due.unit_id and d.id = due.id and k.code = d.code
