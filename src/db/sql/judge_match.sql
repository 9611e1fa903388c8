-- Which personnel numbers (as blind index values) a unit's register knows.
select b.bi, b.row_id
from sanjeh.blind_index b
where b.unit_id = $1::uuid and b.table_no = 1 and b.index_no = $2::int4 and b.version = 1
    and b.bi = any($3::bytea[])
