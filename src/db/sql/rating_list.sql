-- Row security chooses: own marks, and all of them once they are locked.
select r.id, r.account_id, r.round, r.item_no, r.mark_ct, r.reason_ct, r.key_version, k.wrapped, r.submitted_at, r.version
from sanjeh.rating r
left join sanjeh.subject_key k
    on k.unit_id = r.unit_id and k.subject_id = r.evaluation_id and k.version = r.key_version
where r.evaluation_id = $1::uuid and ($2::int4 is null or r.round = $2::int4)
order by r.round, r.account_id, r.item_no
