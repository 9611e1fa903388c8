-- SPDX-License-Identifier: Apache-2.0
-- Whose files the entries from $1 up to, not including, $2 opened: sorted ids, 16 bytes each.
select o.entry_index, string_agg(uuid_send(o.subject_id), ''::bytea order by o.subject_id)
  from sanjeh.file_opening as o
 where o.entry_index >= $1::int8 and o.entry_index < $2::int8
 group by o.entry_index
 order by o.entry_index
