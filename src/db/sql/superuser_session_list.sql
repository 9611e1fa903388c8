-- SPDX-License-Identifier: Apache-2.0
-- Superusers who are connected to this database now.
select r.rolname::text, count(*)
from pg_catalog.pg_stat_activity as s join pg_catalog.pg_roles as r on r.oid = s.usesysid
where r.rolsuper and s.backend_type = 'client backend' and s.datid = (select d.oid from pg_catalog.pg_database as d
    where d.datname = current_database())
group by r.rolname order by r.rolname limit 64
