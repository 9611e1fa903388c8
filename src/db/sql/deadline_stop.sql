-- A suspension: what is left of each running clock is kept.
update sanjeh.deadline as d
set state = 'stopped', left_over = greatest(d.due_at - sanjeh.clock_now(), interval '0')
where d.unit_id = $1::uuid and d.evaluation_id = $2::uuid and d.state = 'open'
