-- Which accounts row security lets see an evaluation's row, and by what: the conditions of policy evaluation_read (0021) said for each
-- account. Asked in the scopes ADMIN and EVALUATION. $2: after this account; $3: this account alone (nil: all).
with file as (
    select e.id, e.unit_id, e.issuer_scope_id, e.judge_id, e.state from sanjeh.evaluation as e where e.id = $1::uuid
), part (account_id, name) as (
    select a.id, 'owner' from file as f join sanjeh.account as a on f.unit_id in (a.unit_id, a.compartment_id)
    union all
    select a.id, 'issuer' from file as f join sanjeh.account as a on f.issuer_scope_id in (a.unit_id, a.compartment_id)
    union all
    select a.id, 'judge' from file as f join sanjeh.account as a on a.judge_id = f.judge_id where f.state <> 'planned'
    union all
    select s.account_id, s.capacity from file as f join sanjeh.seat as s on s.evaluation_id = f.id where s.ended_at is null
    union all
    select o.office_account_id, 'sample_office' from file as f join sanjeh.sample_order as o on o.evaluation_id = f.id
    union all
    select g.account_id, 'break_glass' from file as f join sanjeh.break_glass as g on g.evaluation_id = f.id
    where g.closed_at is null and g.reviewed_at is null and sanjeh.clock_now() >= g.opened_at and sanjeh.clock_now() < g.ends_at
)
select a.id, a.unit_id, a.compartment_id, coalesce(u.code, ''), coalesce(c.code, ''),
    coalesce((select string_agg(r.role, ',' order by r.role) from sanjeh.role_assignment as r
        where r.account_id = a.id and r.revoked_at is null and (r.valid_until is null or r.valid_until > sanjeh.clock_now())
            and (r.valid_from is null or r.valid_from <= sanjeh.clock_now())
            and not (r.locked_from is not null and r.locked_from <= sanjeh.clock_now()
                and (r.locked_until is null or r.locked_until > sanjeh.clock_now()))), ''),
    (select string_agg(distinct p.name, ',' order by p.name) from part as p where p.account_id = a.id)
from sanjeh.account as a
left join sanjeh.unit as u on u.id = a.unit_id
left join sanjeh.unit as c on c.id = a.compartment_id
where a.id in (select p.account_id from part as p) and a.status = 'active' and a.id > $2::uuid
    and $3::uuid in (a.id, '00000000-0000-0000-0000-000000000000'::uuid)
order by a.id
limit $4::int8
