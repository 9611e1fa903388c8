select f.assignment_id, f.account_id from sanjeh.assignment_followers($1::uuid) as f order by f.account_id, f.assignment_id
