select c.unit_id, c.id, c.compartment_id, c.kind, c.format, c.period_from, c.period_to, c.cycle,
    c.file_sha256, c.comment, c.key_version, k.wrapped, c.byte_size, c.rows_ok, c.rows_rejected,
    c.state, c.submitted_by, c.created_at, c.superseded_by, c.version, c.accepted_by, c.supersedes_id,
    c.is_held, c.reason, c.correction_id
from sanjeh.contribution c
left join sanjeh.subject_key k
    on k.unit_id = c.unit_id and k.subject_id = c.id and k.version = c.key_version
where c.unit_id = $1::uuid and c.id = $2::uuid
