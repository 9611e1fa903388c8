-- SPDX-License-Identifier: Apache-2.0
-- A number for a new key of payloads.
select sanjeh.audit_payload_key_number()
