-- The closing notes the ISO week in Tehran: the one date that all answers have.
update sanjeh.survey
set state = $3::text, version = version + 1,
    closed_week = case when $3::text = 'closed' then to_char(sanjeh.clock_now() at time zone 'Asia/Tehran', 'IYYY"-W"IW')
        else closed_week end
where unit_id = $1::uuid and id = $2::uuid and version = $4::int8
