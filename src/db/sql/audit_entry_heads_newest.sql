-- SPDX-License-Identifier: Apache-2.0
-- The newest tenant-heads entry (kind 10 at offset 73) from index $1 up to, not including, $2.
select idx, entry
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8 and get_byte(entry, 73) = 10
 order by idx desc
 limit 1
