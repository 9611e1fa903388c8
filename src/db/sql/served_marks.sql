-- Submitted marks of a round: who gave them is a number, never a name.
select r.unit_id, r.evaluation_id, r.id, r.key_version, k.wrapped, r.item_no,
    dense_rank() over (order by r.account_id), r.mark_ct, r.reason_ct, null::bytea
from sanjeh.rating as r
join sanjeh.subject_key as k
    on k.unit_id = r.unit_id and k.subject_id = r.evaluation_id and k.version = r.key_version
where r.evaluation_id = $1::uuid and r.round = $2::int4 and r.submitted_at is not null
order by r.item_no, 7
