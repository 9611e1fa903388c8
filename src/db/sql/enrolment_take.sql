-- One use: the row is gone with whoever brings it, or everything stays as it was.
delete from sanjeh.enrolment e
using sanjeh.account a left join sanjeh.unit u on u.id = a.unit_id
where e.token_hash = $1::bytea and e.expires_at > now() and a.id = e.account_id and a.status = 'active' and a.username = $2::text
returning a.id, a.unit_id, u.audit_tag, e.expires_at, e.seal
