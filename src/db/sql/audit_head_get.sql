-- SPDX-License-Identifier: Apache-2.0
-- The head row, with which every start compares what the keeper signed.
select log_id, size, root, frontier, last_time_us, emitter, base_size, batch_mac
  from sanjeh.audit_head
