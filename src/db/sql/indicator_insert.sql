insert into sanjeh.indicator (id, code, kind, name_fa, name_en, formula, unit, direction, target, level,
    contributor_unit_code, standard, min_n, scale_min, scale_max)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text,
    $11::text, $12::text, nullif($13::int4, 0), $14::int4, $15::int4)
