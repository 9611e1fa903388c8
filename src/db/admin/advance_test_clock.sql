insert into sanjeh.test_clock (ahead) values (make_interval(secs => $1::int8))
on conflict (only_row) do update set ahead = sanjeh.test_clock.ahead + excluded.ahead, set_at = clock_timestamp()
