-- Counts one attempt in a fixed window and says how many there are and how long the window still lasts.
insert into sanjeh.login_throttle as t (lane, failures)
values ($1::bytea, 1)
on conflict (lane) do update set
    failures = case when t.since < now() - make_interval(secs => $2::int8) then 1 else least(t.failures + 1, 1000000) end,
    since = case when t.since < now() - make_interval(secs => $2::int8) then now() else t.since end
returning failures::int8, ceil(extract(epoch from since + make_interval(secs => $2::int8) - now()))::int8
