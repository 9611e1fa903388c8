insert into sanjeh.court
    (id, code, code_norm, name_fa, name_en, province, status, created_by_unit, kind, specialisation, size_class, parent_id)
values ($1::uuid, $2::text, $3::text, $4::text, $5::text, $6::text, 'active', $7::uuid, $8::text, $9::text, $10::text, $11::uuid)
