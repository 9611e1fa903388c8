-- One of the appeals, if row security shows it.
select t.unit_id, t.id, t.evaluation_id, t.judge_id, t.round, t.state, t.outcome,
    t.body_ct, t.decision_ct, t.key_version, k.wrapped, t.created_by, t.created_at, t.decided_at,
    t.filed_at, t.version, null::int4, null::uuid, null::bytea,
    null::date, null::uuid, null::text
from sanjeh.appeal as t
left join sanjeh.subject_key as k
    on k.unit_id = t.unit_id and k.subject_id = t.evaluation_id and k.version = t.key_version
where t.id = $1::uuid
