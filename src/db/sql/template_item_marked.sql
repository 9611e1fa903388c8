-- The criteria of a file's template.
select i.no, i.family, i.source, i.indicator_code, i.weight::text, i.scale_min, i.scale_max
from sanjeh.template_item i
where i.unit_id = $1::uuid and i.template_id = $2::uuid
order by i.no
