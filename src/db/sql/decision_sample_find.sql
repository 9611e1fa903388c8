select d.id, d.evaluation_id, d.draw_id, d.no, d.seed, d.frame_sha256, d.frame_size, d.stratum, d.body_ct, d.key_version,
    k.wrapped, d.reviewer_one, d.reviewer_two, d.reviewed, d.version, d.created_at
from sanjeh.decision_sample d
left join sanjeh.subject_key k
    on k.unit_id = d.unit_id and k.subject_id = d.evaluation_id and k.version = d.key_version
where d.id = $1::uuid
