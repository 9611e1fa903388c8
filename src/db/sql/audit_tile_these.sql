-- SPDX-License-Identifier: Apache-2.0
-- Full tiles, of level $1[i] the number $2[i], in the order asked for.
select w.place, t.hashes
  from unnest($1::int4[], $2::int8[]) with ordinality as w (level, n, place)
  join sanjeh.audit_tile as t on t.level = w.level and t.n = w.n
 order by w.place
