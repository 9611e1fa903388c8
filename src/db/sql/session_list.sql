select s.id, s.created_at, s.last_seen_at, s.expires_at
from sanjeh.session s
where s.account_id = $1::uuid and s.revoked_at is null and s.expires_at > now()
    and s.last_seen_at > now() - make_interval(secs => $2::int8)
order by s.created_at desc, s.id
limit 100
