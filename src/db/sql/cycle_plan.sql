-- One evaluation for each judge of the population who has none in this cycle. Who holds an office in the issuer's unit is evaluated
-- in a cycle of another issuer.
insert into sanjeh.evaluation (unit_id, id, cycle_id, judge_unit_id, judge_id, issuer_unit_id, issuer_scope_id)
select c.unit_id, gen_random_uuid(), c.id, j.unit_id, j.id, c.issuer_unit_id, c.issuer_scope_id
from sanjeh.cycle as c
join sanjeh.judge as j on j.unit_id = c.unit_id
where c.id = $1::uuid
    and (case when c.population ? 'status' then c.population -> 'status' ? j.status else j.status in ('active', 'probationary') end)
    and not sanjeh.holds_office_in(j.id, c.issuer_unit_id)
    and (not c.population ? 'judges' or c.population -> 'judges' ? j.id::text)
on conflict (unit_id, cycle_id, judge_id) do nothing
