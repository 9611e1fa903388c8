-- Each binary parameter beside what the server makes of it as text.
select $1::int8, $1::int8::text, $2::int4, $2::int4::text, $3::bool, $3::bool::text, $4::text, octet_length($4::text)::text,
       $5::bytea, encode($5::bytea, 'hex'), $6::uuid, $6::uuid::text, $7::timestamptz,
       to_char($7::timestamptz at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), $8::date, $8::date::text, $1::int8::int2
