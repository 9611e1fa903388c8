-- The newest card in force of another evaluation of the judge by the same issuer; expired results and cards of another kind of clock
-- are not compared with.
select c.id
from sanjeh.report_card c
join sanjeh.evaluation e on e.id = c.evaluation_id
where c.unit_id = $1::uuid and c.issuer_scope_id = $2::uuid and c.judge_id = $3::uuid and c.evaluation_id <> $4::uuid and c.test = $5::bool
    and c.superseded_by is null and e.state <> 'archived'
order by c.no desc
limit 1
