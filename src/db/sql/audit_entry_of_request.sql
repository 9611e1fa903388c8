-- SPDX-License-Identifier: Apache-2.0
-- Entries of a request (docs/AUDIT.md 2: 16 bytes from offset 114) from index $1 up to, not including, $2: few, the newest ones.
select idx
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8 and substring(entry from 115 for 16) = $3::bytea
 order by idx
 limit 16
