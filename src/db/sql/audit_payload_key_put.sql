-- SPDX-License-Identifier: Apache-2.0
-- Keeps a new key; false when the month has one, or another generation wraps by now.
select sanjeh.audit_payload_key_put($1::int4, $2::int4, $3::uuid, $4::uuid, $5::int4, $6::bytea)
