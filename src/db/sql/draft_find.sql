select d.id, d.evaluation_id, d.round, d.no, d.state, d.body_ct, d.key_version, k.wrapped, d.created_by, d.created_at
from sanjeh.draft d
left join sanjeh.subject_key k
    on k.unit_id = d.unit_id and k.subject_id = d.evaluation_id and k.version = d.key_version
where d.id = $1::uuid
