-- Every wrapped unit key, for the keeper. Scope KEYS; no parameters.
select k.unit_id, k.epoch, k.wrapped
from sanjeh.unit_key k
order by k.unit_id, k.epoch
