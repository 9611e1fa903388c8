-- The end of a suspension: as many days of the clock's kind as were left when it stopped. The day of resuming does not count, as
-- the day of a start does not, and the end falls by the calendar of that time; nothing ends on the very day of resuming.
update sanjeh.deadline as d
set state = 'open', left_over = null, due_at = sanjeh.deadline_of(sanjeh.clock_now(), greatest(1, x.days)::int4, x.day_kind)
from (select s.id, k.day_kind, case k.day_kind when 'calendar' then s.due_day - s.stop_day
        else (select count(*) from generate_series(1, s.due_day - s.stop_day) as n (day) where not sanjeh.is_day_off(s.stop_day + n.day)) end
        as days
    from (select t.id, t.evaluation_id, t.code, (t.due_at at time zone 'Asia/Tehran')::date as due_day,
            ((t.due_at - t.left_over) at time zone 'Asia/Tehran')::date as stop_day
        from sanjeh.deadline as t
        where t.unit_id = $1::uuid and t.evaluation_id = $2::uuid and t.state = 'stopped') as s
    cross join lateral (select coalesce(cc.day_kind, c.day_kind) as day_kind
        from sanjeh.clock as c
        join sanjeh.evaluation as e on e.id = s.evaluation_id
        left join sanjeh.cycle_clock as cc on cc.unit_id = e.unit_id and cc.cycle_id = e.cycle_id and cc.code = c.code
        where c.code = s.code) as k) as x
where d.unit_id = $1::uuid and d.id = x.id and d.state = 'stopped'
