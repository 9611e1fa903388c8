-- SPDX-License-Identifier: Apache-2.0
-- A log that was put aside, by its number from 1.
select log_id, origin, size
  from sanjeh.audit_former
 where number = $1::int4
