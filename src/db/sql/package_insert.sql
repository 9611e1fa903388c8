-- The next edition of its code.
insert into sanjeh.package (unit_id, id, code, edition, title_fa, title_en, question, method, limits, recommendations, indicators,
    period_from, period_to, grouped_by)
select $1::uuid, $2::uuid, $3::text,
    (select coalesce(max(p.edition), 0) + 1 from sanjeh.package as p where p.unit_id = $1::uuid and p.code = $3::text),
    $4::text, $5::text, $6::text, $7::text, $8::text, $9::text, $10::text[], $11::date, $12::date, $13::text
where not exists (select from unnest($10::text[]) as wanted(code) where not exists (
    select from sanjeh.indicator as i where i.code = wanted.code))
