-- What calibration changed in a round: before, after and why.
select c.unit_id, c.evaluation_id, c.id, c.key_version, k.wrapped, c.item_no,
    0::int8, c.before_ct, c.after_ct, c.reason_ct
from sanjeh.calibration_change as c
join sanjeh.subject_key as k
    on k.unit_id = c.unit_id and k.subject_id = c.evaluation_id and k.version = c.key_version
where c.evaluation_id = $1::uuid and c.round = $2::int4
order by c.item_no, c.created_at, c.id
