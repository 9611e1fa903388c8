insert into sanjeh.session_role as h (session_id, assignment_id, state, since, ends_at, reason, seal)
values ($1::uuid, $2::uuid, $3::text, $4::timestamptz, $5::timestamptz, $6::text, $7::bytea)
on conflict (session_id, assignment_id) do update
set state = excluded.state, since = excluded.since, ends_at = excluded.ends_at, reason = excluded.reason, seal = excluded.seal
returning h.since
