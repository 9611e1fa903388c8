-- The criteria that an evaluation is made by, as a JSON array in the template's order.
select coalesce(jsonb_agg(jsonb_build_object('no', i.no, 'family', i.family, 'source', i.source,
    'indicator_code', i.indicator_code, 'name_fa', i.name_fa, 'name_en', i.name_en, 'weight', i.weight::text,
    'scale_min', i.scale_min, 'scale_max', i.scale_max, 'guidance', i.guidance) order by i.no), '[]')::text
from sanjeh.evaluation as e
join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
join sanjeh.template_item as i on i.unit_id = c.unit_id and i.template_id = c.template_id
where e.id = $1::uuid
