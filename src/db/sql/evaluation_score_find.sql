-- The sheet of a round, or the newest (null).
select s.unit_id, s.id, s.evaluation_id, s.round, s.body_ct, s.key_version, k.wrapped, trim_scale(s.coverage)::text,
    s.inputs_sha256, s.computed_at, s.version
from sanjeh.evaluation_score s
left join sanjeh.subject_key k
    on k.unit_id = s.unit_id and k.subject_id = s.evaluation_id and k.version = s.key_version
where s.evaluation_id = $1::uuid and ($2::int4 is null or s.round = $2::int4)
order by s.round desc, s.computed_at desc
limit 1
