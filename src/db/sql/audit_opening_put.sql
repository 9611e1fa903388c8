-- SPDX-License-Identifier: Apache-2.0
-- Whose files the entries of a batch opened, in its own transaction.
select sanjeh.audit_opening_put($1::uuid[], $2::int8[])
