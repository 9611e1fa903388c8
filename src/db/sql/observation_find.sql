-- One observation, if row security shows it; its file comes last.
select o.id, o.account_id, o.observed_on, o.body_ct, o.key_version, k.wrapped, o.created_at, o.evaluation_id
from sanjeh.observation o
left join sanjeh.subject_key k
    on k.unit_id = o.unit_id and k.subject_id = o.evaluation_id and k.version = o.key_version
where o.id = $1::uuid
