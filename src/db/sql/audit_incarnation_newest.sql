-- SPDX-License-Identifier: Apache-2.0
-- What the log in the database was begun with, when it is not the first one.
select number, log_id, origin, emitter, draft, payload, mac
  from sanjeh.audit_incarnation
 order by number desc
 limit 1
