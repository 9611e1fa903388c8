-- Which personnel numbers (as blind index values) a unit's register knows. Row security shows the own compartment's
-- entries and those without one, these first; in the scope MATCH those of all.
select b.bi, b.row_id
from sanjeh.blind_index b
where b.unit_id = $1::uuid and b.table_no = 1 and b.index_no = $2::int4 and b.version = 1
    and b.bi = any($3::bytea[])
order by (b.compartment_id is not null)
