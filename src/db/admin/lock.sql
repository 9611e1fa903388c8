-- One migration at a time in this database; released with the connection. The number is "sanjeh" in ASCII.
select pg_catalog.pg_advisory_lock(126862301488488)
