select a.id, a.body_ct, a.key_version, k.wrapped
from sanjeh.survey_answer a
left join sanjeh.subject_key k
    on k.unit_id = a.unit_id and k.subject_id = a.survey_id and k.version = a.key_version
where a.unit_id = $1::uuid and a.survey_id = $2::uuid
order by a.id
