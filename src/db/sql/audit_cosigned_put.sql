-- SPDX-License-Identifier: Apache-2.0
-- Keeps a checkpoint with its witnesses' lines.
select sanjeh.audit_cosigned_put($1::int8, $2::bytea, $3::int4, $4::boolean, $5::int8)
