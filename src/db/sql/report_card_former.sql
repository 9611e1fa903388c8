-- The card in force of an evaluation.
select c.id, c.no, c.sha256
from sanjeh.report_card c
where c.unit_id = $1::uuid and c.evaluation_id = $2::uuid and c.superseded_by is null
