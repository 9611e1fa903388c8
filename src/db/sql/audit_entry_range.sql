-- SPDX-License-Identifier: Apache-2.0
-- Entries from index $1 up to, not including, $2.
select idx, entry, leaf_hash
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8
 order by idx
