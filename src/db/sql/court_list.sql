select c.id, c.code, c.name_fa, c.name_en, c.province, c.status, c.version, c.created_at,
    c.kind, c.specialisation, c.size_class, c.parent_id
from sanjeh.court c
where c.id > $1::uuid
    and ($3::text is null or c.status = $3::text)
    and ($4::text is null or c.province = $4::text)
    and ($5::text is null or c.code_norm = $5::text)
order by c.id
limit $2::int8
