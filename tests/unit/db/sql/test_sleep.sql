select pg_sleep($1::int8 / 1000.0)
