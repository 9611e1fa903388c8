update sanjeh.import_job
set bytes = bytes + $4::int8, state = 'uploading', version = version + 1
where unit_id = $1::uuid and id = $2::uuid and bytes = $3::int8 and state in ('draft', 'uploading')
