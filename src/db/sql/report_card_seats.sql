-- Who evaluated, board first.
select s.account_id, s.capacity
from sanjeh.seat s
where s.evaluation_id = $1::uuid and s.ended_at is null
order by array_position(array['chair', 'rapporteur', 'member', 'calibrator', 'appeal_chair', 'appeal_member', 'court_head',
    'reviewer', 'observer'], s.capacity), s.account_id
limit 200
