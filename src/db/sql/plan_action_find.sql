-- One of the actions of plans, if row security shows it.
select t.unit_id, t.id, t.evaluation_id, t.judge_id, t.round, t.state, null::text,
    t.body_ct, t.progress_ct, t.key_version, k.wrapped, t.created_by, t.created_at, t.accepted_at,
    null::timestamptz, t.version, t.no, t.plan_id, null::bytea,
    t.due_on, t.mentor_account, null::text
from sanjeh.plan_action as t
left join sanjeh.subject_key as k
    on k.unit_id = t.unit_id and k.subject_id = t.evaluation_id and k.version = t.key_version
where t.id = $1::uuid
