-- SPDX-License-Identifier: Apache-2.0
-- Moves a draft with a MAC that is not ours aside.
select sanjeh.audit_outbox_refuse($1::uuid, $2::int8)
