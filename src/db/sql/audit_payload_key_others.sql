-- SPDX-License-Identifier: Apache-2.0
-- All keys of payloads behind number $1 but those of subject $2.
select k.number, k.unit_tag, k.subject_id, k.wrapped from sanjeh.audit_payload_key as k
 where k.number > $1::int4 and ($2::uuid is null or k.subject_id <> $2::uuid) order by k.number limit 256
