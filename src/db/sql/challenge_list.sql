select c.id, c.evaluation_id, c.account_id, c.state, c.body_ct, c.decision_ct, c.key_version, k.wrapped, c.decided_by,
    c.decided_at, c.created_at, c.version
from sanjeh.challenge c
left join sanjeh.subject_key k
    on k.unit_id = c.unit_id and k.subject_id = c.evaluation_id and k.version = c.key_version
where c.evaluation_id = $1::uuid
order by c.id
