-- SPDX-License-Identifier: Apache-2.0
-- Payloads in clear from index $1, with their entries.
select p.idx, p.content, e.entry from sanjeh.audit_payload as p join sanjeh.audit_entry as e on e.idx = p.idx
 where p.subject_id = '00000000-0000-0000-0000-000000000000' and p.idx >= $1::int8 order by p.idx limit 32
