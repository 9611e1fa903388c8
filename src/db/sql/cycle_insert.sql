-- The issuer by the code of its unit or compartment; no row when there is no such issuer or template.
insert into sanjeh.cycle (unit_id, id, code, name_fa, name_en, kind, period_from, period_to, template_id, issuer_unit_id,
    issuer_scope_id, population, coverage_min, supersedes_id, created_by)
select $1::uuid, $2::uuid, $3::text, $4::text, $5::text, $6::text, $7::date, $8::date, t.id, coalesce(u.parent_id, u.id), u.id,
    $11::text::jsonb, $12::int4, $13::uuid, $14::uuid
from sanjeh.template as t, sanjeh.unit as u
where t.unit_id = $1::uuid and t.id = $9::uuid and u.code = $10::text
