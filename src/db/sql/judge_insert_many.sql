-- New judges of one unit.
insert into sanjeh.judge
    (unit_id, id, personnel_number, national_number, name, key_version, status, sex, birth_year,
    education, first_appointment, judicial_base, created_by, compartment_id)
select $1::uuid, w.id, w.personnel_number, w.national_number, w.name, w.key_version, w.status,
    w.sex, w.birth_year, w.education, date '1970-01-01' + w.first_appointment, w.judicial_base,
    $2::uuid, $14::uuid
from unnest($3::uuid[], $4::bytea[], $5::bytea[], $6::bytea[], $7::int4[], $8::text[], $9::text[],
    $10::int4[], $11::text[], $12::int4[], $13::int4[])
    as w (id, personnel_number, national_number, name, key_version, status, sex, birth_year,
    education, first_appointment, judicial_base)
