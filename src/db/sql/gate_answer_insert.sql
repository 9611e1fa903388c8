-- Asks the unit that answers gate $3 (the process owner when the gate names none) about the evaluation's judge.
insert into sanjeh.gate_answer (
    unit_id, id, scope_id, evaluation_id, owner_unit_id, issuer_unit_id, issuer_scope_id, judge_id, round, gate, purpose, created_by)
select
    coalesce(u.parent_id, u.id), $1::uuid, u.id, e.id, e.unit_id, e.issuer_unit_id, e.issuer_scope_id, e.judge_id, e.round,
    g.code, $4::text, $5::uuid
from sanjeh.evaluation as e
join sanjeh.gate as g on g.code = $3::text
join sanjeh.unit as u on u.code = g.answered_by or (g.answered_by is null and u.id = e.unit_id)
where e.id = $2::uuid
