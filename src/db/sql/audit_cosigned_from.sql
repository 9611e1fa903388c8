-- SPDX-License-Identifier: Apache-2.0
-- The first cosigned note, with quorum, of a tree of at least $1 entries.
select c.size, c.note from sanjeh.audit_cosigned as c where c.has_quorum and c.size >= $1::int8 order by c.size, c.minute desc limit 1
