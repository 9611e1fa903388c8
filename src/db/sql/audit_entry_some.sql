-- SPDX-License-Identifier: Apache-2.0
-- Entries of these indices.
select idx, entry
  from sanjeh.audit_entry
 where idx = any ($1::int8[])
 order by idx
