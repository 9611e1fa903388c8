-- SPDX-License-Identifier: Apache-2.0
-- Payloads of entries from $1 up to, not including, $2, with the entries.
select p.idx, p.content, e.entry from sanjeh.audit_payload as p left join sanjeh.audit_entry as e on e.idx = p.idx
 where p.idx >= $1::int8 and p.idx < $2::int8 order by p.idx limit 256
