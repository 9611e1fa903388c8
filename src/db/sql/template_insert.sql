-- The next edition of its code.
insert into sanjeh.template (unit_id, id, code, edition, name_fa, name_en, population, created_by)
select $1::uuid, $2::uuid, $3::text,
    (select coalesce(max(t.edition), 0) + 1 from sanjeh.template as t where t.unit_id = $1::uuid and t.code = $3::text),
    $4::text, $5::text, $6::text, $7::uuid
