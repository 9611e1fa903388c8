select d.due_at
from sanjeh.deadline as d
where d.unit_id = $1::uuid and d.evaluation_id = $2::uuid and d.code = $3::text and d.state = 'open'
order by d.due_at
limit 1
