select n, b, t, u, d from unnest($1::int8[], $2::bytea[], $3::text[], $4::uuid[], $5::date[]) with ordinality as x(n, b, t, u, d, place)
 order by place
