-- SPDX-License-Identifier: Apache-2.0
-- One server's signature lines under the note of a size that another has signed: $3 is the length of the text and its blank line.
select sanjeh.audit_checkpoint_sign($1::int8, $2::bytea, ($3::int8)::int4)
