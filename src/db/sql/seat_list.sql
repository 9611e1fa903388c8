-- Who sits in a file, ended seats too; row security hides reviewers and observers from the judge.
select s.account_id, s.person_id, s.capacity, s.is_judge, s.since, s.ended_at, s.ended_reason, s.board_id
from sanjeh.seat s
where s.evaluation_id = $1::uuid
order by s.account_id, s.capacity
