-- SPDX-License-Identifier: Apache-2.0
-- The first stored note of a tree of at least $1 entries.
select c.size, c.note from sanjeh.audit_checkpoint as c where c.size >= $1::int8 order by c.size limit 1
