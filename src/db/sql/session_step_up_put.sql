insert into sanjeh.session_step_up as w (session_id, at, seal)
values ($1::uuid, $2::timestamptz, $3::bytea)
on conflict (session_id) do update set at = excluded.at, seal = excluded.seal
returning w.at
