select number, sha256 from sanjeh.schema_migration order by number
