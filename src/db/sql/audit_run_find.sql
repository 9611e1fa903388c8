-- SPDX-License-Identifier: Apache-2.0
-- Of each run ($1, $2) the page in which the newest posting of term $3 at or before $4 would stand.
select w.place, p.token, p.idx, p.content, p.mac
  from unnest($1::int8[], $2::int8[], $4::int8[]) with ordinality as w (run_from, run_to, idx, place)
 cross join lateral (
       select r.token, r.idx, r.content, r.mac
         from sanjeh.audit_run as r
        where r.run_from = w.run_from and r.run_to = w.run_to and (r.token, r.idx) <= ($3::int8, w.idx)
        order by r.token desc, r.idx desc
        limit 1) as p
 order by w.place
