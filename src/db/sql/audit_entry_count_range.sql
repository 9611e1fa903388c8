-- SPDX-License-Identifier: Apache-2.0
-- Time, tenant tag and action (docs/AUDIT.md 2: from offsets 25, 98 and 205) of the entries from index $1 up to, not including, $2.
select substring(entry from 26 for 8), substring(entry from 99 for 16),
       substring(entry from 207 for get_byte(entry, 205))
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8
 order by idx
