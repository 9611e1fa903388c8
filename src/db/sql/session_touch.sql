-- Written at most once a minute; no row says that the session is dead.
update sanjeh.session as s
set last_seen_at = now()
from sanjeh.account a
where s.id = $1::uuid and s.revoked_at is null and s.expires_at > now()
    and a.id = s.account_id and a.status = 'active'
returning s.id
