-- The clock for deciding challenges ends with the last open one.
update sanjeh.deadline as d
set state = case when d.due_at < sanjeh.clock_now() then 'lapsed' else 'met' end, ended_at = sanjeh.clock_now()
where d.unit_id = $1::uuid and d.evaluation_id = $2::uuid and d.code = 'challenge_decision' and d.state = 'open'
    and not exists (select from sanjeh.challenge as c where c.evaluation_id = d.evaluation_id and c.state = 'open')
