-- SPDX-License-Identifier: Apache-2.0
-- How often each tenant tag and action occur among the entries from index $1 up to, not including, $2 (docs/AUDIT.md 2: offsets 98 and 205).
select substring(entry from 99 for 16), substring(entry from 207 for get_byte(entry, 205)), count(*)
  from sanjeh.audit_entry
 where idx >= $1::int8 and idx < $2::int8 and octet_length(entry) > 206
 group by 1, 2
