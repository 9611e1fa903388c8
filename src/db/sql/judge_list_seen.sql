-- A page of the register beyond one unit: all that a named scope opens ($4), or the own unit ($5, null: none) and the judges of
-- files and populations; row security behind it knows the same.
select
    j.unit_id, j.id, j.personnel_number, j.national_number, j.name, j.key_version, j.status, j.sex,
    j.birth_year, j.education, j.first_appointment, j.judicial_base, j.version, j.created_at, k.wrapped
from sanjeh.judge j
left join sanjeh.subject_key k
    on k.unit_id = j.unit_id and k.subject_id = j.id and k.version = j.key_version
where j.id > $1::uuid and ($3::text is null or j.status = $3::text)
    and ($4::bool or j.unit_id = $5::uuid or j.id in (select unnest((select sanjeh.readable_judges(0)))))
order by j.id
limit $2::int8
