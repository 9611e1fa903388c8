-- Conflicts of interest that were found in a file and what was decided, as a JSON array without the persons' accounts.
select coalesce(jsonb_agg(jsonb_build_object('rule', c.rule, 'state', c.state, 'resolution', c.resolution,
    'reason', c.reason) order by c.found_at, c.id), '[]')::text
from sanjeh.conflict as c
where c.evaluation_id = $1::uuid
