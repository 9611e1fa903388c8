-- Files in which an account has a seat now, but for those about one judge: nobody learns who sits in his own.
select s.evaluation_id, s.capacity
from sanjeh.seat as s
where s.account_id = $1::uuid and s.ended_at is null and s.judge_id <> $2::uuid
order by s.evaluation_id, s.capacity
limit $3::int8
