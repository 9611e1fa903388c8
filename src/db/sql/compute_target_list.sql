-- A page of the evaluations to compute, by judge; with the kind of court that he was last posted to in the period.
select e.id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.round, s.id,
    exists (select from sanjeh.data_issue d where d.judge_id = e.judge_id and d.state = 'open'),
    (select c.kind
    from sanjeh.posting p
    join sanjeh.court c on c.id = p.court_id
    where p.judge_id = e.judge_id and p.posted_from <= $6::date and (p.posted_to is null or p.posted_to >= $5::date)
    order by p.posted_from desc, p.id
    limit 1)
from sanjeh.evaluation e
left join sanjeh.evaluation_score s
    on s.unit_id = e.issuer_unit_id and s.evaluation_id = e.id and s.round = e.round
where e.unit_id = $1::uuid and e.cycle_id = $2::uuid and e.state in ('collecting', 'frozen')
    and e.judge_id > $3::uuid
order by e.judge_id
limit $4::int8
