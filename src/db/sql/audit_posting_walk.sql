-- SPDX-License-Identifier: Apache-2.0
-- All postings in the order of their terms, a page of 4,096 after ($1, $2).
select token, idx, seq, mac
  from sanjeh.audit_posting
 where (token, idx) > ($1::int8, $2::int8)
 order by token, idx
 limit 4096
