-- SPDX-License-Identifier: Apache-2.0
-- Which runs the index consists of; false: another server was there.
select sanjeh.audit_index_put($1::int8, $2::int8, $3::int8, $4::bytea, $5::bytea)
