select i.id, i.code, i.kind, i.name_fa, i.name_en, i.formula, i.unit, i.direction, i.target, i.level,
    i.contributor_unit_code, i.standard, i.min_n, i.scale_min, i.scale_max, i.version
from sanjeh.indicator i
where i.id = $1::uuid
