-- The next edition of a code.
insert into sanjeh.reference (id, kind, code, version, name_fa, name_en, amount, valid_from, created_by)
select $1::uuid, $2::text, $3::text, coalesce(max(r.version), 0) + 1, $4::text, $5::text, $6::text::numeric, $7::date, $8::uuid
from sanjeh.reference r
where r.kind = $2::text and r.code = $3::text
returning version, created_at
