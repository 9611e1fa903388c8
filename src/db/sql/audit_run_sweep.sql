-- SPDX-License-Identifier: Apache-2.0
-- Takes away pages of what the run $1..$2 contains, at most $3; how many those were.
select sanjeh.audit_run_sweep($1::int8, $2::int8, $3::int8)
