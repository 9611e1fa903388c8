select v.version, v.formula, v.method, v.unit, v.direction, trim_scale(v.anchor_floor)::text,
    trim_scale(v.anchor_target)::text, trim_scale(v.anchor_cap)::text, trim_scale(v.band_low)::text,
    trim_scale(v.band_high)::text, v.min_n, v.level, v.weight_locked, v.standard, v.contributor_unit_code, v.status,
    v.valid_from, v.created_at
from sanjeh.indicator_version v
where v.indicator_id = $1::uuid
order by v.version desc
limit 500
