-- SPDX-License-Identifier: Apache-2.0
-- The signed note of exactly this size.
select note
  from sanjeh.audit_checkpoint
 where size = $1::int8
