-- For a judge of the own register as row security shows it; no row when there is none.
insert into sanjeh.availability_fact
    (unit_id, id, compartment_id, judge_unit_id, judge_id, period_from, period_to, leave_days, other_duty_permille, created_by)
select j.unit_id, $2::uuid, $3::uuid, j.unit_id, j.id, $5::date, $6::date, $7::int4, $8::int4, $9::uuid
from sanjeh.judge j
where j.unit_id = $1::uuid and j.id = $4::uuid
