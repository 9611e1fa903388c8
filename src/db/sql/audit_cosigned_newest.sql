-- SPDX-License-Identifier: Apache-2.0
-- The newest checkpoint with the quorum at or below a size.
select size, note, cosigned_s
  from sanjeh.audit_cosigned
 where has_quorum and size <= $1::int8
 order by size desc, minute desc
 limit 1
