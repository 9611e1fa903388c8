-- A page of statements: row security chooses them; $3 and $4 narrow when they are given.
select t.unit_id, t.id, t.evaluation_id, t.judge_id, t.round, null::text, t.kind,
    t.body_ct, null::bytea, t.key_version, k.wrapped, t.created_by, t.created_at, null::timestamptz,
    null::timestamptz, t.version, null::int4, null::uuid, null::bytea,
    null::date, null::uuid, null::text
from sanjeh.judge_statement as t
left join sanjeh.subject_key as k
    on k.unit_id = t.unit_id and k.subject_id = t.evaluation_id and k.version = t.key_version
where t.id > $1::uuid and ($3::uuid is null or t.evaluation_id = $3::uuid)
    and $4::uuid is null
order by t.id
limit $2::int8
