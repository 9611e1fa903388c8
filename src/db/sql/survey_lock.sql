-- One after another: everything that changes a survey or its box begins here.
select s.state, s.invited, s.version, s.state = 'open' and sanjeh.clock_now() between s.opens_at and s.closes_at
from sanjeh.survey s
where s.unit_id = $1::uuid and s.id = $2::uuid
for update
