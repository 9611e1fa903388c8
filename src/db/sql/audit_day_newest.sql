-- SPDX-License-Identifier: Apache-2.0
-- The newest day up to which no day is missing: counting goes on there.
select d.day, d.first, d.upto, d.counts
  from sanjeh.audit_day as d
 where d.day = (select max(c.day)
                  from (select r.day, bool_and(r.follows) over (order by r.day) as is_whole
                          from (select a.day, a.first = coalesce(lag(a.upto) over (order by a.day), 0) as follows
                                  from sanjeh.audit_day as a) as r) as c
                 where c.is_whole)
