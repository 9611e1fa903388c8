select u.id, u.code, u.name_fa, u.name_en, u.parent_id, u.audit_tag, u.version
from sanjeh.unit u
where u.id = $1::uuid and u.id <> '00000000-0000-8000-8000-0000000000ff'::uuid
