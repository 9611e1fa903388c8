-- A clock of one evaluation starts now, with the days of the cycle's copy; one that runs already goes on.
insert into sanjeh.deadline (unit_id, id, evaluation_id, code, holder, holder_account, started_at, due_at)
select e.unit_id, $1::uuid, e.id, k.code, k.holder, $4::uuid, sanjeh.clock_now(),
    sanjeh.deadline_of(sanjeh.clock_now(), coalesce(cc.days, k.days), coalesce(cc.day_kind, k.day_kind))
from sanjeh.evaluation as e
join sanjeh.clock as k on k.code = $3::text
left join sanjeh.cycle_clock as cc on cc.unit_id = e.unit_id and cc.cycle_id = e.cycle_id and cc.code = k.code
where e.id = $2::uuid
on conflict do nothing
