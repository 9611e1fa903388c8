-- SPDX-License-Identifier: Apache-2.0
-- Entries of the tenant with tag $3 (docs/AUDIT.md 2: offset 98) from index $1 up to, not including, $2.
select idx, entry
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8 and substring(entry from 99 for 16) = $3::bytea
 order by idx
