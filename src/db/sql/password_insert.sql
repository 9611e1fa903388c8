insert into sanjeh.password (account_id, salt, memory_kib, passes, lanes, pepper_version, tag, seal)
values ($1::uuid, $2::bytea, $3::int4, $4::int4, $5::int4, $6::int4, $7::bytea, $8::bytea)
