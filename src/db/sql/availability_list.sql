select a.unit_id, a.id, a.judge_id, a.period_from, a.period_to, a.leave_days, a.other_duty_permille, a.created_at
from sanjeh.availability_fact a
where ($1::uuid is null or a.unit_id = $1::uuid)
    and ($2::uuid is null or a.judge_id = $2::uuid)
    and a.id > $3::uuid
    and ($5::uuid is null or a.judge_id = $5::uuid)
order by a.id
limit $4::int8
