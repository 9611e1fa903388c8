-- Blind index values of judges, each in the compartment of its judge. "offset 0" keeps the planner to one look-up a row: joined
-- freely, it reads the whole register for three rows as long as statistics are of a small one.
insert into sanjeh.blind_index
    (unit_id, table_no, index_no, version, bi, row_id, is_unique, compartment_id)
select $1::uuid, 1, w.index_no, 1, w.bi, w.row_id, w.is_unique <> 0, j.compartment_id
from unnest($2::int4[], $3::bytea[], $4::uuid[], $5::int4[]) as w (index_no, bi, row_id, is_unique)
cross join lateral (
    select r.compartment_id from sanjeh.judge as r where r.unit_id = $1::uuid and r.id = w.row_id offset 0
) as j
