select c.id, c.code, c.name_fa, c.name_en, c.province, c.status, c.version, c.created_at
from sanjeh.court c
where c.id = $1::uuid
