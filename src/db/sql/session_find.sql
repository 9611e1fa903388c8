-- The live session of a token, with everything that acts for it: one row for each assignment of its account that is not revoked
-- (one with nulls when there is none), so that one snapshot gives what one seal covers. $2: seconds of idleness that end it.
select s.id, a.id, a.unit_id, a.compartment_id, a.judge_id, u.audit_tag, a.username, u.code, c.code,
    s.created_at, s.last_seen_at, s.expires_at, a.seal, s.seal, a.person_judge_id, a.seal_form,
    (extract(epoch from sanjeh.clock_now() - statement_timestamp()) * 1000000)::int8,
    (select n.seq from sanjeh.assignment_state n),
    o.revoked_at is null and oa.status = 'active', o.locked_from, o.locked_until, o.certified_at,
    h.state, h.since, h.ends_at, h.seal, w.at, w.seal,
    r.id, r.role, r.kind, r.depth, r.granted_by, r.source_id, r.valid_from, r.valid_until, r.locked_from, r.locked_until,
    r.certified_at
from sanjeh.session s
join sanjeh.account a on a.id = s.account_id
left join sanjeh.unit u on u.id = a.unit_id
left join sanjeh.unit c on c.id = a.compartment_id
left join sanjeh.role_assignment r on r.account_id = a.id and r.revoked_at is null
left join sanjeh.role_assignment o on o.id = r.source_id
left join sanjeh.account oa on oa.id = o.account_id
left join sanjeh.session_role h on h.session_id = s.id and h.assignment_id = r.id
left join sanjeh.session_step_up w on w.session_id = s.id
where s.token_hash = $1::bytea and s.revoked_at is null and s.expires_at > now()
    and s.last_seen_at > now() - make_interval(secs => $2::int8) and a.status = 'active'
