-- Accounts that carry the former seal, with the names that it covers.
select a.id, a.unit_id, a.compartment_id, a.judge_id, a.person_judge_id, a.username, a.status, a.seal,
    (select string_agg(r.role, ',' order by r.role) from sanjeh.role_assignment r where r.account_id = a.id and r.revoked_at is null)
from sanjeh.account a
where a.seal_form = 1 and a.id > $1::uuid
order by a.id
limit 500
