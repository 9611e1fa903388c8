-- How many accounts hold which role now.
select r.role, count(distinct r.account_id)
from sanjeh.role_assignment r
where r.revoked_at is null and (r.valid_until is null or r.valid_until > sanjeh.clock_now())
group by r.role
order by r.role
