-- SPDX-License-Identifier: Apache-2.0
-- Which file and generation of the keepers wraps keys of payloads; the given ones when there was none.
select k.file_id, k.generation from sanjeh.audit_payload_kek_take($1::bytea, $2::int4) as k
