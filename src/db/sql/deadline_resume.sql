-- The end of a suspension: whole days, never fewer than were left.
update sanjeh.deadline as d
set state = 'open', left_over = null,
    due_at = sanjeh.deadline_of(sanjeh.clock_now(), greatest(1, ceil(extract(epoch from d.left_over) / 86400))::int4, 'calendar')
where d.unit_id = $1::uuid and d.evaluation_id = $2::uuid and d.state = 'stopped'
