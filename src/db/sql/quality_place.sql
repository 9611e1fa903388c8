-- Whose value the quality of a file's decisions is, and for which period.
select e.judge_unit_id, c.period_from, c.period_to, c.code
from sanjeh.evaluation as e
join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
where e.id = $1::uuid
