select f.id, f.evaluation_id, f.account_id, f.rule, f.state, f.found_at, f.resolution, f.reason, f.resolved_by,
    f.resolved_at, f.version
from sanjeh.conflict f
where f.evaluation_id = $1::uuid
order by f.id
