-- One judge of the actor's unit. The hot read: one primary key and one check of the context; who has the opened key in
-- memory needs no other table. key_version is null when the key was erased.
select
    j.unit_id, j.id, j.personnel_number, j.national_number, j.name, j.key_version, j.status, j.sex,
    j.birth_year, j.education, j.first_appointment, j.judicial_base, j.version, j.created_at
from sanjeh.judge j
where j.unit_id = $1::uuid and j.id = $2::uuid
