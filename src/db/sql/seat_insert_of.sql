-- Seats of all members of a board in all of these files.
insert into sanjeh.seat (unit_id, evaluation_id, account_id, person_id, board_id, capacity, is_judge, judge_id,
    issuer_scope_id, since)
select e.unit_id, e.id, m.account_id, m.person_id, $2::uuid, m.capacity, m.is_judge <> 0, e.judge_id, e.issuer_scope_id, sanjeh.clock_now()
from unnest($1::uuid[]) as w (id)
join sanjeh.evaluation e on e.id = w.id
cross join unnest($3::uuid[], $4::uuid[], $5::text[], $6::int4[]) as m (account_id, person_id, capacity, is_judge)
