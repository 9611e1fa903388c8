update sanjeh.contribution
set rows_ok = $3::int8, rows_rejected = $4::int8, state = $5::text, version = version + 1,
    period_from = case when $6::date is null then period_from else least(period_from, $6::date) end,
    period_to = case when $7::date is null then period_to else greatest(period_to, $7::date) end
where unit_id = $1::uuid and id = $2::uuid
