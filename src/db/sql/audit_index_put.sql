-- SPDX-License-Identifier: Apache-2.0
-- A batch of postings; false: another server was there.
select sanjeh.audit_index_put(
    $1::int8, $2::int8, $3::int8, $4::bytea,
    $5::int8[], $6::int8[], $7::int8[], $8::int8[],
    $9::int8[], $10::int8[], $11::int8[], $12::bytea[])
