select i.id, i.code, i.kind, i.name_fa, i.name_en, i.formula, i.unit, i.direction, i.target, i.level,
    i.contributor_unit_code, i.standard, i.min_n, i.scale_min, i.scale_max, i.version
from sanjeh.indicator i
where i.id > $1::uuid
    and ($3::text is null or i.code = $3::text)
    and ($4::text is null or i.kind = $4::text)
order by i.id
limit $2::int8
