select count(distinct r.account_id)
from sanjeh.role_assignment r
where r.role = $1::text and r.revoked_at is null and (r.valid_until is null or r.valid_until > sanjeh.clock_now())
