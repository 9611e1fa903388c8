insert into sanjeh.court
    (id, code, code_norm, name_fa, name_en, province, status, created_by_unit)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, 'active', $7::uuid)
