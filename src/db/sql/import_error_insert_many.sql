insert into sanjeh.import_error (unit_id, import_id, no, row_no, column_name, code)
select $1::uuid, $2::uuid, l.no + w.number, w.row_no, w.column_name, w.code
from unnest($3::int8[], $4::text[], $5::text[]) with ordinality as w (row_no, column_name, code, number)
cross join (
    select coalesce(max(e.no), 0) as no
    from sanjeh.import_error e
    where e.unit_id = $1::uuid and e.import_id = $2::uuid) as l
