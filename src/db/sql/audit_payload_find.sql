-- SPDX-License-Identifier: Apache-2.0
-- Entries from $2 to $3 that have a payload; $1: of this subject alone.
select p.idx from sanjeh.audit_payload as p
 where p.idx >= $2::int8 and p.idx <= $3::int8 and ($1::uuid is null or p.subject_id = $1::uuid)
 order by p.idx
 limit 20000
