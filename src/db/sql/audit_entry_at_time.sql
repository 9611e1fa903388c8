-- SPDX-License-Identifier: Apache-2.0
-- The first index below $2 whose entry is of this time (microseconds) or later; $2 when there is none. By halves: times never go back.
select sanjeh.audit_index_at($1::int8, $2::int8)
