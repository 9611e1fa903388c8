-- SPDX-License-Identifier: Apache-2.0
-- The emitters' numbers that the entries before a size have used.
select upto, numbers, mac
  from sanjeh.audit_seen
