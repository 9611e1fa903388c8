select pg_catalog.to_regclass('sanjeh.schema_migration') is not null
