-- A page of the evaluations to compute, by judge.
select e.id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.round, s.id,
    exists (select from sanjeh.data_issue d where d.judge_id = e.judge_id and d.state = 'open')
from sanjeh.evaluation e
left join sanjeh.evaluation_score s
    on s.unit_id = e.issuer_unit_id and s.evaluation_id = e.id and s.round = e.round
where e.unit_id = $1::uuid and e.cycle_id = $2::uuid and e.state in ('collecting', 'frozen')
    and e.judge_id > $3::uuid
order by e.judge_id
limit $4::int8
