select i.unit_id, i.id, i.evaluation_id, i.fact_id, i.value_id, i.field, i.judge_id, i.subject_id, i.opened_by, i.opened_by_judge,
    i.text_ct, i.reason_ct, i.key_version, k.wrapped, i.state, i.opened_at, i.due_at, i.answered_by, i.answered_at, i.version
from sanjeh.data_issue i
left join sanjeh.subject_key k
    on k.unit_id = i.unit_id and k.subject_id = i.subject_id and k.version = i.key_version
where ($1::uuid is null or i.unit_id = $1::uuid)
    and ($2::uuid is null or i.judge_id = $2::uuid)
    and i.id = $3::uuid
