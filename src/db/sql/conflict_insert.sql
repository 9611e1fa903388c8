-- What somebody says of himself.
insert into sanjeh.conflict (unit_id, id, issuer_scope_id, evaluation_id, judge_id, owner_unit_id, account_id, rule,
    created_by, state, resolution, reason, resolved_by, resolved_at)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::uuid, 'DECLARED', $7::uuid,
    case when $8::text is null then 'open' else 'resolved' end, case when $8::text is null then null else 'seat_ended' end,
    $8::text, case when $8::text is null then null else $7::uuid end,
    case when $8::text is null then null else sanjeh.clock_now() end)
on conflict on constraint conflict_once do nothing
