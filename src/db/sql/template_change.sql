update sanjeh.template
set name_fa = coalesce($3::text, name_fa), name_en = coalesce($4::text, name_en), population = coalesce($5::text, population),
    consented_by = null, consented_at = null, version = version + 1
where id = $1::uuid and version = $2::int8 and state = 'draft'
