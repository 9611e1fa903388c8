-- The changes of a file in the order in which they were made.
select h.id, h.session_id, h.account_id, h.item_no, h.round, h.before_ct, h.after_ct, h.reason_ct, h.key_version, k.wrapped,
    h.created_by, h.created_at, h.evaluation_id
from sanjeh.calibration_change h
left join sanjeh.subject_key k
    on k.unit_id = h.unit_id and k.subject_id = h.evaluation_id and k.version = h.key_version
where h.evaluation_id = $1::uuid and ($2::uuid is null or h.session_id = $2::uuid)
order by h.created_at, h.id
