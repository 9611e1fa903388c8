-- What a first factor is checked against; no row for an unknown name.
select a.id, a.unit_id, a.compartment_id, a.judge_id, u.audit_tag, a.status = 'active' and t.account_id is not null,
    p.salt, p.memory_kib, p.passes, p.lanes, p.pepper_version, p.tag,
    exists (select from sanjeh.device d where d.account_id = a.id and d.token_hash = $2::bytea),
    (select string_agg(r.role, ',' order by r.role) from sanjeh.role_assignment r where r.account_id = a.id),
    a.seal, p.seal, a.person_judge_id
from sanjeh.account a
join sanjeh.password p on p.account_id = a.id
left join sanjeh.unit u on u.id = a.unit_id
left join sanjeh.totp t on t.account_id = a.id and t.confirmed_at is not null
where a.username = $1::text
