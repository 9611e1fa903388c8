-- SPDX-License-Identifier: Apache-2.0
-- One batch of the record, behind the head's compare-and-set.
select sanjeh.audit_append(
    $1::uuid, $2::int8, $3::bytea,
    $4::int8, $5::bytea, $6::bytea, $7::int8, $8::uuid, $9::bytea,
    $10::bytea[], $11::bytea[],
    $12::uuid[], $13::int8[],
    $14::int4[], $15::int8[], $16::bytea[],
    $17::uuid[], $18::int8[], $19::bytea[], $20::int8[],
    $21::int8, $22::bytea)
