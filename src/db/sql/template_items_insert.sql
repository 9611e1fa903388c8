insert into sanjeh.template_item (unit_id, template_id, no, family, source, indicator_code, name_fa, name_en, weight, scale_min,
    scale_max, guidance, evidence_required)
select $1::uuid, $2::uuid, i.no, i.family, i.source, i.indicator_code, i.name_fa, i.name_en, i.weight::numeric / 100, i.scale_min,
    i.scale_max, coalesce(i.guidance, ''), i.evidence = 1
from unnest($3::int4[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::int4[], $10::int4[], $11::int4[],
    $12::text[], $13::int4[]) as i (no, family, source, indicator_code, name_fa, name_en, weight, scale_min, scale_max, guidance,
    evidence)
