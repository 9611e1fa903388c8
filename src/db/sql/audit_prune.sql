-- SPDX-License-Identifier: Apache-2.0
-- The oldest partition, of the entries from $1 up to $2, goes; $3: SHA-256 of the manifest of its sealed export.
select sanjeh.audit_prune($1::int8, $2::int8, $3::bytea)
