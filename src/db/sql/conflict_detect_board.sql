-- As conflict_detect, for all members of a board in all of these files. None of them is there as the head of a court alone.
insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, rule,
    created_by)
select e.issuer_unit_id, gen_random_uuid(), e.issuer_scope_id, e.id, e.judge_id, e.unit_id, m.account_id, r.rule, $4::uuid
from unnest($1::uuid[]) as w (id)
join sanjeh.evaluation e on e.id = w.id
cross join unnest($2::uuid[], $3::uuid[]) as m (account_id, person_id)
cross join lateral sanjeh.conflict_rules(e.id, m.person_id) as r (rule)
on conflict on constraint conflict_once do nothing
