-- The second factor of a live session's account, with the key that opens it.
select t.secret, t.key_version, k.wrapped
from sanjeh.session s
join sanjeh.account a on a.id = s.account_id and a.status = 'active'
join sanjeh.totp t on t.account_id = a.id and t.confirmed_at is not null
join sanjeh.subject_key k
    on k.unit_id = coalesce(a.unit_id, '00000000-0000-8000-8000-0000000000ff'::uuid) and k.subject_id = a.id and k.version = t.key_version
where s.id = $1::uuid and s.account_id = $2::uuid and s.revoked_at is null and s.expires_at > now()
