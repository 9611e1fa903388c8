-- What a first factor is checked against; no row for an unknown name, else one for each assignment that the account's seal covers.
select a.id, a.unit_id, a.compartment_id, a.judge_id, u.audit_tag, a.status = 'active' and t.account_id is not null,
    p.salt, p.memory_kib, p.passes, p.lanes, p.pepper_version, p.tag,
    exists (select from sanjeh.device d where d.account_id = a.id and d.token_hash = $2::bytea),
    a.seal, p.seal, a.person_judge_id, a.seal_form,
    r.id, r.role, r.kind, r.depth, r.granted_by, r.source_id, r.valid_from, r.valid_until, r.locked_from, r.locked_until,
    r.certified_at
from sanjeh.account a
join sanjeh.password p on p.account_id = a.id
left join sanjeh.unit u on u.id = a.unit_id
left join sanjeh.totp t on t.account_id = a.id and t.confirmed_at is not null
left join sanjeh.role_assignment r on r.account_id = a.id and r.revoked_at is null
where a.username = $1::text
