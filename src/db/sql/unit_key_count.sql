select count(*)
from sanjeh.unit_key k
where k.unit_id = $1::uuid
