-- Blind index values of judges, each in the compartment of its judge.
insert into sanjeh.blind_index
    (unit_id, table_no, index_no, version, bi, row_id, is_unique, compartment_id)
select $1::uuid, 1, w.index_no, 1, w.bi, w.row_id, w.is_unique <> 0, j.compartment_id
from unnest($2::int4[], $3::bytea[], $4::uuid[], $5::int4[]) as w (index_no, bi, row_id, is_unique)
join sanjeh.judge j on j.unit_id = $1::uuid and j.id = w.row_id
