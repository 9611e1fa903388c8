-- A live challenge with the second factor that answers it.
select a.id, a.unit_id, a.compartment_id, a.judge_id, u.audit_tag, t.secret, t.key_version, k.wrapped, l.seal
from sanjeh.login_challenge l
join sanjeh.account a on a.id = l.account_id
join sanjeh.totp t on t.account_id = a.id and t.confirmed_at is not null
join sanjeh.subject_key k
    on k.unit_id = coalesce(a.unit_id, '00000000-0000-8000-8000-0000000000ff'::uuid) and k.subject_id = a.id and k.version = t.key_version
left join sanjeh.unit u on u.id = a.unit_id
where l.token_hash = $1::bytea and l.expires_at > now() and l.failures < $2::int4 and a.status = 'active'
