-- SPDX-License-Identifier: Apache-2.0
-- Who passes every check of this cluster.
select r.oid::int8, r.rolname::text || ' ' || r.oid from pg_catalog.pg_roles as r where r.rolsuper order by r.rolname collate "C" limit 256
