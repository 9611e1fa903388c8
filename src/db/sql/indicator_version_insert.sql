insert into sanjeh.indicator_version (indicator_id, version, formula, method, unit, direction, anchor_floor, anchor_target,
    anchor_cap, band_low, band_high, min_n, level, standard, contributor_unit_code, valid_from, created_by, created_at)
values ($1::uuid, $2::int4, $3::text, $4::text, $5::text, $6::text, $7::text::numeric, $8::text::numeric,
    $9::text::numeric, $10::text::numeric, $11::text::numeric, $12::int4, $13::text, $14::text, $15::text,
    sanjeh.clock_now()::date, $16::uuid, sanjeh.clock_now())
returning valid_from, created_at
