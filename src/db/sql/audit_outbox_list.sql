-- SPDX-License-Identifier: Apache-2.0
-- Drafts that have waited for $1 milliseconds or longer, a page of 256 after ($2, $3); the last column: for $4 milliseconds.
select emitter, seq, draft, mac, subjects, payload,
       put_at <= clock_timestamp() - $4::int8 * interval '1 millisecond'
  from sanjeh.audit_outbox
 where put_at <= clock_timestamp() - $1::int8 * interval '1 millisecond'
   and (emitter, seq) > ($2::uuid, $3::int8)
 order by emitter, seq
 limit 256
