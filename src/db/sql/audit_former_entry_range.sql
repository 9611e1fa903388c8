-- SPDX-License-Identifier: Apache-2.0
-- Entries of log $3 from index $1 up to, not including, $2.
select idx, entry, leaf_hash
  from sanjeh.audit_former_entry
 where log_id = $3::uuid and idx >= $1::int8 and idx < $2::int8
 order by idx
