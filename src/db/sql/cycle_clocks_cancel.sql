-- A cancelled cycle asks nothing of anybody any more.
update sanjeh.deadline as d
set state = 'cancelled', left_over = null, ended_at = sanjeh.clock_now()
from sanjeh.evaluation as e
where e.cycle_id = $1::uuid and d.unit_id = e.unit_id and d.evaluation_id = e.id and d.state in ('open', 'stopped')
