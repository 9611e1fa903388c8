-- Who of the owner's register is in, who is out and why: counts, and the first of those who are out.
-- Who is planned is read once and hashed: asked judge by judge, 15,000 of them take minutes while the table has no statistics yet.
with planned as materialized (
    select e.judge_id from sanjeh.evaluation as e where e.cycle_id = $1::uuid
), judged as (
    select j.id, case
            when j.id in (select p.judge_id from planned as p) then 'PLANNED_ALREADY'
            when not (case when c.population ? 'status' then c.population -> 'status' ? j.status
                else j.status in ('active', 'probationary') end) then 'STATUS'
            when c.population ? 'judges' and not c.population -> 'judges' ? j.id::text then 'NOT_NAMED'
            when sanjeh.holds_office_in(j.id, c.issuer_unit_id) then 'OWN_UNIT'
        end as reason
    from sanjeh.cycle as c
    join sanjeh.judge as j on j.unit_id = c.unit_id
    where c.id = $1::uuid), named as (
    select w.id, w.reason from judged as w where w.reason is not null order by w.id limit 500)
select jsonb_build_object('planned', count(*) filter (where w.reason is null), 'out_total', count(*) filter (where w.reason is not null),
    'out', coalesce((select jsonb_agg(jsonb_build_object('judge_id', o.id, 'reason', o.reason)) from named as o), '[]'))::text,
    coalesce((select string_agg(uuid_send(o.id), ''::bytea) from named as o), ''::bytea)
from judged as w
