-- SPDX-License-Identifier: Apache-2.0
-- Pages of a run of the index.
select sanjeh.audit_run_put($1::int8, $2::int8, $3::int8[], $4::int8[], $5::bytea[], $6::bytea[])
