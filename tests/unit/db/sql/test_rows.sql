select i, repeat('x', $2::int4) from generate_series(1, $1::int8) as s(i)
