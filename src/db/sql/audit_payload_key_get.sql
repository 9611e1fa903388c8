-- SPDX-License-Identifier: Apache-2.0
-- One key of payloads, by its number.
select k.wrapped from sanjeh.audit_payload_key as k where k.number = $1::int4
