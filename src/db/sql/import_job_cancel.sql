update sanjeh.import_job
set state = 'cancelled', ended_at = clock_timestamp(), version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
