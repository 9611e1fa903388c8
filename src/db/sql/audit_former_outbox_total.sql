-- SPDX-License-Identifier: Apache-2.0
-- How many bytes the drafts that never got their place in log $1 take in an export (four for each length).
select coalesce(sum(octet_length(draft) + 4), 0)::int8
  from sanjeh.audit_former_outbox
 where log_id = $1::uuid
