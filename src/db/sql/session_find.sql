-- The live session of a token, with everything that acts for it. $2: seconds of idleness that end it.
select s.id, a.id, a.unit_id, a.compartment_id, a.judge_id, u.audit_tag, a.username, u.code, c.code,
    s.created_at, s.last_seen_at, s.expires_at,
    (select string_agg(r.role, ',' order by r.role) from sanjeh.role_assignment r where r.account_id = a.id),
    a.seal, s.seal, a.person_judge_id
from sanjeh.session s
join sanjeh.account a on a.id = s.account_id
left join sanjeh.unit u on u.id = a.unit_id
left join sanjeh.unit c on c.id = a.compartment_id
where s.token_hash = $1::bytea and s.revoked_at is null and s.expires_at > now()
    and s.last_seen_at > now() - make_interval(secs => $2::int8) and a.status = 'active'
