-- SPDX-License-Identifier: Apache-2.0
-- Postings of a term below an index, newest first, and before them the next one at or above it.
select idx, seq, mac
  from ((select p.idx, p.seq, p.mac from sanjeh.audit_posting as p
          where p.token = $1::int8 and p.idx >= $2::int8 order by p.idx limit 1)
        union all
        (select p.idx, p.seq, p.mac from sanjeh.audit_posting as p
          where p.token = $1::int8 and p.idx < $2::int8 order by p.idx desc limit $3::int8)) as near
 order by idx desc
