-- SPDX-License-Identifier: Apache-2.0
-- Erase entries (docs/AUDIT.md 2: kind 12 at offset 73) from index $1 on.
select e.entry from sanjeh.audit_entry as e where e.idx >= $1::int8 and get_byte(e.entry, 73) = 12 order by e.idx limit 4096
