-- The computed sheet of a round, with the wrapped key of its file.
select s.unit_id, s.id, s.key_version, s.body_ct, k.wrapped
from sanjeh.evaluation_score s
left join sanjeh.subject_key k
    on k.unit_id = s.unit_id and k.subject_id = s.evaluation_id and k.version = s.key_version
where s.evaluation_id = $1::uuid and s.round <= $2::int4
order by s.round desc, s.computed_at desc
limit 1
