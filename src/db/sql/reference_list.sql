-- Editions of reference data. On a day: the one of each code that was in force on it; else all.
select r.id, r.kind, r.code, r.version, r.name_fa, r.name_en, trim_scale(r.amount)::text, r.valid_from, r.created_by, r.created_at
from sanjeh.reference r
where r.id > $1::uuid
    and ($3::text is null or r.kind = $3::text)
    and ($4::text is null or r.code = $4::text)
    and ($5::date is null or r.id = (
        select n.id
        from sanjeh.reference n
        where n.kind = r.kind and n.code = r.code and n.valid_from <= $5::date
        order by n.valid_from desc
        limit 1))
order by r.id
limit $2::int8
