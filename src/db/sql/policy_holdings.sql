-- Who holds which roles now; scope ADMIN.
select r.account_id, string_agg(distinct r.role, ',' order by r.role)
from sanjeh.role_assignment as r
join sanjeh.account as a on a.id = r.account_id and a.status = 'active'
where to_jsonb(r) ->> 'revoked_at' is null
group by r.account_id
order by r.account_id
