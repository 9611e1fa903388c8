-- SPDX-License-Identifier: Apache-2.0
-- Notes of log $3 above size $1 up to $2, a page of 1,024.
select size, note
  from sanjeh.audit_former_checkpoint
 where log_id = $3::uuid and size > $1::int8 and size <= $2::int8 and octet_length(note) <= 65535
 order by size
 limit 1024
