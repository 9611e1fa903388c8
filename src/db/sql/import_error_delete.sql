delete from sanjeh.import_error
where unit_id = $1::uuid and import_id = $2::uuid
