-- SPDX-License-Identifier: Apache-2.0
-- Puts the sealed form in the place of the clear one.
select sanjeh.audit_payload_seal($1::int8, $2::bytea, $3::bytea)
