-- A compartment stands in a unit that is none itself; otherwise no row.
insert into sanjeh.unit (id, code, name_fa, name_en, parent_id, audit_tag)
select $1::uuid, $2::text, $3::text, $4::text, $5::uuid, $6::uuid
where $5::uuid is null or exists (
    select from sanjeh.unit p
    where p.id = $5::uuid and p.parent_id is null and p.id <> '00000000-0000-8000-8000-0000000000ff'::uuid)
returning version
