select e.no, e.row_no, e.column_name, e.code
from sanjeh.import_error e
where e.unit_id = $1::uuid and e.import_id = $2::uuid and e.no > $3::int8
order by e.no
limit $4::int8
