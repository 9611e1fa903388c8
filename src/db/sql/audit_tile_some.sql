-- SPDX-License-Identifier: Apache-2.0
-- Full tiles of level $1 of these numbers.
select n, hashes
  from sanjeh.audit_tile
 where level = $1::int4 and n = any ($2::int8[])
 order by n
