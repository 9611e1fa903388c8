-- SPDX-License-Identifier: Apache-2.0
-- Emitter and number (docs/AUDIT.md 2: 24 bytes from offset 74) of the entries from index $1 up to, not including, $2.
select substring(entry from 75 for 24)
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8
