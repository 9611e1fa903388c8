-- What the catalogue shows is the newest definition.
update sanjeh.indicator
set name_fa = $2::text, name_en = $3::text, formula = $4::text, unit = $5::text, direction = $6::text, target = $7::text,
    level = $8::text, contributor_unit_code = $9::text, standard = $10::text, min_n = nullif($11::int4, 0),
    version = $12::int4
where id = $1::uuid
