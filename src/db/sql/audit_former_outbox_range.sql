-- SPDX-License-Identifier: Apache-2.0
-- Drafts that never got their place in log $3, a page of 256 after ($1, $2).
select emitter, seq, draft
  from sanjeh.audit_former_outbox
 where log_id = $3::uuid and (emitter, seq) > ($1::uuid, $2::int8)
 order by emitter, seq
 limit 256
