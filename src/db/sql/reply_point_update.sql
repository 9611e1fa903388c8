-- Replaces what may change if nobody did since version $3.
update sanjeh.reply_point
set text_ct = $4::bytea,
    key_version = $5::int4,
    answer_ct = $6::bytea,
    answered_by = $7::uuid,
    answered_at = case when $8::bool then coalesce(answered_at, sanjeh.clock_now()) end,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
