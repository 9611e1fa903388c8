-- SPDX-License-Identifier: Apache-2.0
-- Destroys the payloads of these entries; how many there were.
select sanjeh.audit_payload_erase($1::int8[])
