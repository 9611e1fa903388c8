-- SPDX-License-Identifier: Apache-2.0
-- Days that lie in entries $1 to $2, exclusive, and have entries from $3 up to, not including, $4; the newest first, at most $5.
select day, first, upto, counts
  from sanjeh.audit_day
 where first >= $1::int8 and upto <= $2::int8 and first < $4::int8 and upto > $3::int8
 order by day desc
 limit $5::int8
