-- A page of hearings: row security chooses them; $3 and $4 narrow when they are given.
select t.unit_id, t.id, t.evaluation_id, t.judge_id, t.round, t.state, null::text,
    t.body_ct, t.minutes_ct, t.key_version, k.wrapped, t.created_by, t.created_at, t.recorded_at,
    null::timestamptz, t.version, null::int4, null::uuid, null::bytea,
    t.held_on, null::uuid, null::text
from sanjeh.interview as t
left join sanjeh.subject_key as k
    on k.unit_id = t.unit_id and k.subject_id = t.evaluation_id and k.version = t.key_version
where t.id > $1::uuid and ($3::uuid is null or t.evaluation_id = $3::uuid)
    and $4::uuid is null
order by t.id
limit $2::int8
