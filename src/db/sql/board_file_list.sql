-- board_file_find for several evaluations, in the order asked for; who does not see one does not find it.
select
    e.unit_id, e.id, e.cycle_id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.state, e.round, e.version,
    e.marks_locked_at is not null, e.disclosed_at is not null, c.template_id, c.coverage_min::int8,
    e.board_id
from unnest($1::uuid[]) with ordinality as w (id, n)
join sanjeh.evaluation e on e.id = w.id
left join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
order by w.n
