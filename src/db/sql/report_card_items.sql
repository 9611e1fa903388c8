-- The criteria of an evaluation.
select i.no, i.family, i.source, i.name_fa, i.name_en, i.weight::text, i.scale_min, i.scale_max
from sanjeh.evaluation e
join sanjeh.cycle c on c.unit_id = e.unit_id and c.id = e.cycle_id
join sanjeh.template_item i on i.unit_id = c.unit_id and i.template_id = c.template_id
where e.id = $1::uuid
order by i.no
