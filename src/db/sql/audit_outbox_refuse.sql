-- SPDX-License-Identifier: Apache-2.0
-- Moves a draft that must not be sequenced aside; 0: it was not there any more.
select sanjeh.audit_outbox_refuse($1::uuid, $2::int8)
