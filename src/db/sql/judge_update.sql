-- Replaces a judge's fields if nobody changed them since version $3.
update sanjeh.judge
set personnel_number = $4::bytea, national_number = $5::bytea, name = $6::bytea,
    key_version = $7::int4, status = $8::text, sex = $9::text, birth_year = $10::int4,
    education = $11::text, first_appointment = $12::date, judicial_base = $13::int4,
    version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
