insert into sanjeh.schema_migration (number, name, sha256) values ($1::int4, $2::text, $3::bytea)
