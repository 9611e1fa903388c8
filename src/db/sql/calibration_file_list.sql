-- The newest files of a cycle whose marks are locked and in which the caller sits as a calibrator.
select e.id
from sanjeh.evaluation e
where e.cycle_id = $1::uuid and e.marks_locked_at is not null
    and exists (select from sanjeh.seat s where s.evaluation_id = e.id and s.ended_at is null
        and s.capacity = 'calibrator' and s.account_id = $2::uuid)
order by e.marks_locked_at desc, e.id
limit 200
