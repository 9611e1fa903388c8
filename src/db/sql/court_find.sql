select c.id, c.code, c.name_fa, c.name_en, c.province, c.status, c.version, c.created_at,
    c.kind, c.specialisation, c.size_class, c.parent_id
from sanjeh.court c
where c.id = $1::uuid
