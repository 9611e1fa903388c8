-- SPDX-License-Identifier: Apache-2.0
-- Keeps a token of time over a signed note.
select sanjeh.audit_timestamp_put($1::int8, $2::int8, $3::bytea, $4::bytea)
