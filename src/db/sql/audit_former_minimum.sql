-- SPDX-License-Identifier: Apache-2.0
-- From which index on entries of a log that was put aside are there.
select minimum
  from sanjeh.audit_former
 where log_id = $1::uuid
