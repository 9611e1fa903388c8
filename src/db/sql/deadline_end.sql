-- What was done in time is met, what ends after its day has lapsed.
update sanjeh.deadline as d
set state = case when d.due_at < sanjeh.clock_now() then 'lapsed' else 'met' end, ended_at = sanjeh.clock_now()
where d.unit_id = $1::uuid and d.evaluation_id = $2::uuid and d.code = $3::text and d.state = 'open'
