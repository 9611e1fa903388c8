select r.id, r.no, r.body_ct, r.comments_ct, r.key_version, k.wrapped, r.created_at, r.contribution_id, r.unit_id
from sanjeh.survey_release r
left join sanjeh.subject_key k
    on k.unit_id = r.unit_id and k.subject_id = r.id and k.version = r.key_version
where r.survey_id = $1::uuid
order by r.no desc
limit 1
