delete from sanjeh.import_part
where unit_id = $1::uuid and import_id = $2::uuid
