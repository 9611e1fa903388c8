-- The cursor moves with the rows up to it, or not at all.
update sanjeh.import_job
set state = $3::text, failure = $4::text, at_byte = $5::int8, at_row = $6::int8, rows_read = $7::int8, rows_ok = $8::int8,
    rows_rejected = $9::int8, header = $10::bytea, contribution_id = $11::uuid,
    pass_started_at = case when $6::int8 = 0 and $5::int8 = 0 then clock_timestamp() else pass_started_at end,
    ended_at = case when $3::text in ('done', 'failed') then clock_timestamp() end,
    version = version + case when state = $3::text then 0 else 1 end
where unit_id = $1::uuid and id = $2::uuid and at_byte = $12::int8
