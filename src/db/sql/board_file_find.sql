-- What seats, marks and drafts need of an evaluation and its cycle; row security says who finds it.
select
    e.unit_id, e.id, e.cycle_id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.state, e.round, e.version,
    e.marks_locked_at is not null, e.disclosed_at is not null, c.template_id, c.coverage_min::int8,
    e.board_id
from sanjeh.evaluation e
left join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
where e.id = $1::uuid
