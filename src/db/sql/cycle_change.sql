-- A change of a draft takes the signatures back: nobody signs what he has not seen.
update sanjeh.cycle as c
set name_fa = coalesce($3::text, c.name_fa), name_en = coalesce($4::text, c.name_en), period_from = coalesce($5::date, c.period_from),
    period_to = coalesce($6::date, c.period_to), template_id = coalesce($7::uuid, c.template_id),
    population = coalesce($8::text::jsonb, c.population), coverage_min = coalesce($9::int4, c.coverage_min),
    owner_signed_by = null, owner_signed_at = null, issuer_signed_by = null, issuer_signed_at = null, version = c.version + 1
where c.id = $1::uuid and c.version = $2::int8 and c.state = 'draft'
    and exists (select from sanjeh.template as t where t.unit_id = c.unit_id and t.id = coalesce($7::uuid, c.template_id))
