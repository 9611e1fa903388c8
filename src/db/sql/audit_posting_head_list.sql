-- SPDX-License-Identifier: Apache-2.0
-- Counts of all terms, a page of 4,096 after $1.
select token, count, last_idx, mac
  from sanjeh.audit_posting_head
 where token > $1::int8
 order by token
 limit 4096
