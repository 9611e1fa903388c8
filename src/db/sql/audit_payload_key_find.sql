-- SPDX-License-Identifier: Apache-2.0
-- The key of a unit's subject in a month.
select k.number, k.wrapped from sanjeh.audit_payload_key as k where k.unit_tag = $1::uuid and k.subject_id = $2::uuid and k.period = $3::int4
