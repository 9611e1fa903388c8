-- SPDX-License-Identifier: Apache-2.0
-- Which file and generation of the keepers wraps keys of payloads, if any does.
select k.file_id, k.generation from sanjeh.audit_payload_kek as k
