-- SPDX-License-Identifier: Apache-2.0
-- The newest signed note at or below a size.
select size, note
  from sanjeh.audit_checkpoint
 where size <= $1::int8
 order by size desc
 limit 1
