-- seat_list of several files: the file's number in the order asked for, then as there.
select w.n, s.account_id, s.person_id, s.capacity, s.is_judge, s.since, s.ended_at, s.ended_reason, s.board_id
from unnest($1::uuid[]) with ordinality as w (id, n)
join sanjeh.seat s on s.evaluation_id = w.id
order by w.n, s.account_id, s.capacity
