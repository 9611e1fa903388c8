-- Conflicts of all who sit in the file of one judge in a cycle, as conflict_detect for one of them.
insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, rule,
    created_by)
select e.issuer_unit_id, gen_random_uuid(), e.issuer_scope_id, e.id, e.judge_id, e.unit_id, s.account_id, r.rule, $3::uuid
from sanjeh.evaluation e
join (select distinct x.evaluation_id, x.account_id, x.person_id from sanjeh.seat x where x.ended_at is null) as s
    on s.evaluation_id = e.id
cross join lateral sanjeh.conflict_rules(e.id, s.person_id) as r (rule)
where e.cycle_id = $1::uuid and e.judge_id = $2::uuid
    and (r.rule <> 'SAME_BRANCH' or exists (select from sanjeh.seat as x where x.evaluation_id = e.id and x.account_id = s.account_id
        and x.ended_at is null and x.capacity <> 'court_head'))
    and (r.rule <> 'NOT_HIGHER' or exists (select from sanjeh.seat as x where x.evaluation_id = e.id and x.account_id = s.account_id
        and x.ended_at is null and x.capacity not in ('court_head', 'reviewer', 'observer')))
on conflict on constraint conflict_once do nothing
