-- SPDX-License-Identifier: Apache-2.0
-- Numbers of the keys of a subject.
select k.number from sanjeh.audit_payload_key as k where k.subject_id = $1::uuid order by k.number limit 20000
