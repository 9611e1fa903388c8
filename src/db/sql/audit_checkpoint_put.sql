-- SPDX-License-Identifier: Apache-2.0
-- A signed note that no later batch carried along.
select sanjeh.audit_checkpoint_put($1::int8, $2::bytea)
