-- SPDX-License-Identifier: Apache-2.0
-- How many logs that were put aside had this recorder.
select count(*)
  from sanjeh.audit_former
 where $1::uuid = any (recorders)
