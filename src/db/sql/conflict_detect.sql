-- Writes one open conflict a rule that speaks against the person; those found before stay as they are. The head of a court is a declared
-- source of his own court; who reads decisions or observes is of no board.
insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, rule,
    created_by)
select $1::uuid, gen_random_uuid(), $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, r.rule, $8::uuid
from sanjeh.conflict_rules($3::uuid, $7::uuid) as r (rule)
where (r.rule <> 'SAME_BRANCH' or exists (select from sanjeh.seat as s where s.evaluation_id = $3::uuid and s.account_id = $6::uuid
        and s.ended_at is null and s.capacity <> 'court_head'))
    and (r.rule <> 'NOT_HIGHER' or exists (select from sanjeh.seat as s where s.evaluation_id = $3::uuid and s.account_id = $6::uuid
        and s.ended_at is null and s.capacity not in ('court_head', 'reviewer', 'observer')))
on conflict on constraint conflict_once do nothing
