select c.code
from sanjeh.cycle c
where c.unit_id = $1::uuid and c.id = $2::uuid
