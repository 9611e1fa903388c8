-- Forgets one blind index of a judge before its new value is written.
delete from sanjeh.blind_index
where unit_id = $1::uuid and table_no = 1 and row_id = $2::uuid and index_no = $3::int4
