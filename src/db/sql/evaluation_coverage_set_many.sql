-- The weight of each evaluation that can carry a score.
update sanjeh.evaluation e
set coverage = r.coverage::numeric
from unnest($1::uuid[], $2::text[]) as r (id, coverage)
where e.id = r.id and e.state in ('collecting', 'frozen')
    and e.coverage is distinct from r.coverage::numeric
