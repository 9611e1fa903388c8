-- The newest score sheet of an evaluation.
select s.unit_id, s.evaluation_id, s.id, s.key_version, k.wrapped, 0::int4, 0::int8, s.body_ct, null::bytea, null::bytea
from sanjeh.evaluation_score as s
join sanjeh.subject_key as k
    on k.unit_id = s.unit_id and k.subject_id = s.evaluation_id and k.version = s.key_version
where s.evaluation_id = $1::uuid and s.round <= $2::int4
order by s.round desc, s.computed_at desc
limit 1
