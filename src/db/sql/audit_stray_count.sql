-- SPDX-License-Identifier: Apache-2.0
-- Rows where none can be: entries, openings and payloads outside of the log, tiles that are not full yet. One statement, one moment.
select (select count(*) from sanjeh.audit_entry as e where e.idx < 0 or e.idx >= h.size),
    (select count(*) from sanjeh.audit_tile as t
      where t.level not between 0 and 7 or t.n < 0 or t.n >= (h.size >> (8 * (t.level + 1)))),
    (select count(*) from sanjeh.file_opening as o where o.entry_index >= h.size),
    (select count(*) from sanjeh.audit_payload as p where p.idx >= h.size),
    (select count(*) from sanjeh.audit_checkpoint as c where c.size > h.size),
    h.size
  from sanjeh.audit_head as h
