-- SPDX-License-Identifier: Apache-2.0
-- Full tiles of level $1 from number $2 up to, not including, $3.
select n, hashes
  from sanjeh.audit_tile
 where level = $1::int4 and n >= $2::int8 and n < $3::int8
 order by n
