-- A page of the judges that have all of the given blind index values ($6 different ones).
select
    j.unit_id, j.id, j.personnel_number, j.national_number, j.name, j.key_version, j.status, j.sex,
    j.birth_year, j.education, j.first_appointment, j.judicial_base, j.version, j.created_at, k.wrapped
from sanjeh.judge j
left join sanjeh.subject_key k
    on k.unit_id = j.unit_id and k.subject_id = j.id and k.version = j.key_version
where j.unit_id = $1::uuid and j.id > $2::uuid and ($4::text is null or j.status = $4::text)
    and j.id in (
        select b.row_id
        from sanjeh.blind_index b
        where b.unit_id = $1::uuid and b.table_no = 1 and b.index_no = $5::int4 and b.version = 1
            and b.bi = any($7::bytea[])
        group by b.row_id
        having count(distinct b.bi) = $6::int8)
order by j.unit_id, j.id
limit $3::int8
