-- Whether the judge may still challenge.
select d.due_at from sanjeh.deadline d
where d.evaluation_id = $1::uuid and d.code = 'challenge' and d.state = 'open' and d.due_at >= sanjeh.clock_now()
