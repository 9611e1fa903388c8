-- Decides an attempt in its lane, after the proof was checked, under the row's lock: parallel guesses come one after
-- another here. $2 right, $3 failures that close, $4 seconds after which a run of failures is forgotten, $5 seconds
-- closed, $6 a right one ends the run. While closed nothing counts and nothing opens. One row: whether it was open.
insert into sanjeh.login_throttle as t (lane, failures)
values ($1::bytea, case when $2::bool then 0 else 1 end)
on conflict (lane) do update set
    failures = case
        when t.closed_until > now() then t.failures
        when $2::bool then case when $6::bool or t.closed_until is not null then 0 else t.failures end
        when t.failures = 0 or t.closed_until is not null or t.since < now() - make_interval(secs => $4::int8) then 1
        else t.failures + 1
    end,
    since = case
        when t.closed_until > now() or $2::bool then t.since
        when t.failures = 0 or t.closed_until is not null or t.since < now() - make_interval(secs => $4::int8) then now()
        else t.since
    end,
    closed_until = case
        when t.closed_until > now() then t.closed_until
        when $2::bool or t.closed_until is not null or t.since < now() - make_interval(secs => $4::int8) then null
        when t.failures + 1 >= $3::int4 then now() + make_interval(secs => $5::int8)
        else null
    end
returning closed_until is null
