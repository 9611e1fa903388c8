-- SPDX-License-Identifier: Apache-2.0
-- The servers of this record and the newest process of each.
select name, emitter, recorder
  from sanjeh.audit_instance
 order by name
 limit 64
