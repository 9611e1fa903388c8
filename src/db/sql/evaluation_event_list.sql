select v.no::int8, v.from_state, v.to_state, v.by_account, v.reason, v.at
from sanjeh.evaluation_event as v
where v.evaluation_id = $1::uuid
order by v.no
limit 500
