-- One gate, as in gate_answer_list.
select
    g.unit_id, g.id, (select e.id from sanjeh.evaluation as e where e.id = g.evaluation_id), g.judge_id, g.round, g.gate, g.purpose,
    case when g.state = 'answered' and g.expires_on < (sanjeh.clock_now() at time zone 'Asia/Tehran')::date then 'expired'
        else g.state end,
    g.value, g.effect, g.degree,
    case when array[g.scope_id, g.judge_id, g.issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid]
            && (select sanjeh.scope_ids())
        or g.gate = 'D03' and exists (select from sanjeh.seat as s where s.evaluation_id = g.evaluation_id and s.ended_at is null
            and s.capacity in ('appeal_chair', 'appeal_member') and array[s.account_id] && (select sanjeh.scope_ids()))
        then g.body_ct end,
    g.key_version, k.wrapped, g.created_at, g.answered_at, g.expires_on, g.version,
    array[g.scope_id, g.judge_id] && (select sanjeh.scope_ids())
        or g.gate = 'D03' and exists (select from sanjeh.seat as s where s.evaluation_id = g.evaluation_id and s.ended_at is null
            and s.capacity in ('appeal_chair', 'appeal_member') and array[s.account_id] && (select sanjeh.scope_ids())),
    array[g.scope_id] && (select sanjeh.scope_ids()),
    (sanjeh.clock_now() at time zone 'Asia/Tehran')::date,
    ((sanjeh.clock_now() at time zone 'Asia/Tehran')::date + make_interval(months => c.months_max))::date, g.authority
from sanjeh.gate_answer as g
join sanjeh.gate as c on c.code = g.gate
left join sanjeh.subject_key as k
    on k.unit_id = g.unit_id and k.subject_id = g.id and k.version = g.key_version
where g.id = $1::uuid
