-- Guards of an evaluation, met or not; and the caller's parts in it as one more row, code empty.
select f.code, f.is_met, ''
from sanjeh.evaluation_facts($1::uuid) as f
union all
select '', true, coalesce(array_to_string(sanjeh.evaluation_parts($1::uuid), ','), '')
