insert into sanjeh.holiday (day, name_fa, name_en, source) values ($1::date, $2::text, $3::text, $4::text)
