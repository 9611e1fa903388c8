-- SPDX-License-Identifier: Apache-2.0
-- Payloads that are still there, of entries from index $1 up to, not including, $2.
select idx, content
  from sanjeh.audit_payload
 where idx >= $1::int8 and idx < $2::int8
 order by idx
