-- SPDX-License-Identifier: Apache-2.0
-- A draft with its MAC, inside the deed's own transaction.
insert into sanjeh.audit_outbox (emitter, seq, draft, mac, subjects, payload)
values ($1::uuid, $2::int8, $3::bytea, $4::bytea, $5::bytea, $6::bytea)
