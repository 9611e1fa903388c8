-- SPDX-License-Identifier: Apache-2.0
-- Tokens of log $3 taken after $1 over trees up to size $2, a page of 64.
select taken_s, note, token
  from sanjeh.audit_former_timestamp
 where log_id = $3::uuid and taken_s > $1::int8 and size <= $2::int8
 order by taken_s
 limit 64
