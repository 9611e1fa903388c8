-- SPDX-License-Identifier: Apache-2.0
-- Payloads of the entries of a batch, in its own transaction.
select sanjeh.audit_payload_put($1::int8[], $2::bytea[])
