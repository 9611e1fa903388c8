-- SPDX-License-Identifier: Apache-2.0
-- The newest signed note of log $2 at or below a size, with its witnesses' lines when they have seen that very tree.
select c.size, coalesce(s.note, c.note)
  from sanjeh.audit_former_checkpoint as c
  left join sanjeh.audit_former_cosigned as s on s.log_id = c.log_id and s.size = c.size and s.has_quorum
 where c.log_id = $2::uuid and c.size <= $1::int8
 order by c.size desc, s.minute desc
 limit 1
