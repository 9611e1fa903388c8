-- One judge beyond one unit, as in judge_list_seen.
select
    j.unit_id, j.id, j.personnel_number, j.national_number, j.name, j.key_version, j.status, j.sex,
    j.birth_year, j.education, j.first_appointment, j.judicial_base, j.version, j.created_at, k.wrapped
from sanjeh.judge j
left join sanjeh.subject_key k
    on k.unit_id = j.unit_id and k.subject_id = j.id and k.version = j.key_version
where j.id = $1::uuid
    and ($2::bool or j.unit_id = $3::uuid or j.id in (select unnest((select sanjeh.readable_judges(0)))))
