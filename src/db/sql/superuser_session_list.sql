-- SPDX-License-Identifier: Apache-2.0
-- Superusers who are connected to this database now. What kind of process it is, PostgreSQL tells of others' sessions to privileged
-- roles alone; background workers have no role, or no database.
select r.rolname::text, count(*)
from pg_catalog.pg_stat_activity as s join pg_catalog.pg_roles as r on r.oid = s.usesysid
where r.rolsuper and coalesce(s.backend_type, 'client backend') = 'client backend' and s.datid = (select d.oid from pg_catalog.pg_database as d
    where d.datname = current_database())
group by r.rolname order by r.rolname limit 64
