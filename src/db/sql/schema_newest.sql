-- The newest applied migration.
select number, sha256 from schema_migration order by number desc limit 1
