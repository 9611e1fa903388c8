-- Writes one open conflict a rule that speaks against the person; those found before stay as they are.
insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, rule,
    created_by)
select $1::uuid, gen_random_uuid(), $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, r.rule, $8::uuid
from sanjeh.conflict_rules($3::uuid, $7::uuid) as r (rule)
on conflict on constraint conflict_once do nothing
