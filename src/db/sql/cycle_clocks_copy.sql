insert into sanjeh.cycle_clock (unit_id, cycle_id, code, days, day_kind)
select $1::uuid, $2::uuid, k.code, k.days, k.day_kind
from sanjeh.clock as k
