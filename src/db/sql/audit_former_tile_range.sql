-- SPDX-License-Identifier: Apache-2.0
-- Full tiles of log $4, of level $1 from number $2 up to, not including, $3.
select n, hashes
  from sanjeh.audit_former_tile
 where log_id = $4::uuid and level = $1::int4 and n >= $2::int8 and n < $3::int8
 order by n
