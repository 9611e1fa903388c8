-- SPDX-License-Identifier: Apache-2.0
-- The head row, held by this transaction.
select log_id, size, root, frontier, last_time_us, emitter, base_size, batch_mac
  from sanjeh.audit_head_lock()
