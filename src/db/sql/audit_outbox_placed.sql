-- SPDX-License-Identifier: Apache-2.0
-- Drafts in the outbox of which an entry speaks already (emitter and number: docs/AUDIT.md 2, 24 bytes from offset 74). Reads every entry.
select distinct o.emitter, o.seq
  from sanjeh.audit_outbox as o
  join sanjeh.audit_entry as e on substring(e.entry from 75 for 24) = uuid_send(o.emitter) || int8send(o.seq)
 order by 1, 2
