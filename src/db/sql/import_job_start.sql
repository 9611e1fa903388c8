update sanjeh.import_job
set state = $3::text, is_dry_run = $4::bool, failure = null, at_byte = 0, at_row = 0, rows_read = 0, rows_ok = 0,
    rows_rejected = 0, header = null, started_at = clock_timestamp(), pass_started_at = clock_timestamp(), ended_at = null,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $5::int8
