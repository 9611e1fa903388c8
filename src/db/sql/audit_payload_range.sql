-- SPDX-License-Identifier: Apache-2.0
-- Payloads of the entries from $1 up to, not including, $2.
select p.idx, p.content from sanjeh.audit_payload as p where p.idx >= $1::int8 and p.idx < $2::int8 order by p.idx
