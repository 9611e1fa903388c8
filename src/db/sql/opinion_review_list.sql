-- Reviews of a file or of one sample of it; row security hides the other reviewer's until both are written.
select r.id, r.sample_id, r.account_id, r.body_ct, r.key_version, k.wrapped, r.submitted_at
from sanjeh.opinion_review r
left join sanjeh.subject_key k
    on k.unit_id = r.unit_id and k.subject_id = r.evaluation_id and k.version = r.key_version
where r.evaluation_id = $1::uuid and ($2::uuid is null or r.sample_id = $2::uuid)
order by r.sample_id, r.account_id
