-- SPDX-License-Identifier: Apache-2.0
-- Puts the log aside and begins an empty one; what it is begun with is its first entry.
select sanjeh.audit_incarnate($1::uuid, $2::int8, $3::bytea, $4::text, $5::int4, $6::uuid, $7::text, $8::uuid, $9::bytea, $10::bytea,
    $11::bytea, $12::int4, $13::bytea)
