-- As what row security showed an account an evaluation at a moment ('' for not at all): evaluation_reader_list.sql by the seats, orders
-- and moves of then. The account's unit is today's: accounts do not move between units.
with file as (
    select e.id, e.unit_id, e.issuer_scope_id, e.judge_id from sanjeh.evaluation as e where e.id = $1::uuid and e.created_at <= $3::timestamptz
), account as (
    select a.id, a.unit_id, a.compartment_id, a.judge_id from sanjeh.account as a where a.id = $2::uuid
), part (name) as (
    select 'owner' from file as f join account as a on f.unit_id in (a.unit_id, a.compartment_id)
    union all
    select 'issuer' from file as f join account as a on f.issuer_scope_id in (a.unit_id, a.compartment_id)
    union all
    select 'judge' from file as f join account as a on a.judge_id = f.judge_id
    where exists (select from sanjeh.evaluation_event as v where v.evaluation_id = f.id and v.from_state = 'planned' and v.at <= $3::timestamptz)
    union all
    select s.capacity from file as f join sanjeh.seat as s on s.evaluation_id = f.id join account as a on a.id = s.account_id
    where s.since <= $3::timestamptz and (s.ended_at is null or s.ended_at > $3::timestamptz)
    union all
    select 'sample_office' from file as f join sanjeh.sample_order as o on o.evaluation_id = f.id
        join account as a on a.id = o.office_account_id
    where o.created_at <= $3::timestamptz
    union all
    select 'break_glass' from file as f join sanjeh.break_glass as g on g.evaluation_id = f.id join account as a on a.id = g.account_id
    where g.opened_at <= $3::timestamptz and g.ends_at > $3::timestamptz and (g.closed_at is null or g.closed_at > $3::timestamptz)
)
select coalesce((select string_agg(distinct p.name, ',' order by p.name) from part as p), '')
