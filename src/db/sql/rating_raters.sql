-- Whose marks count in a file.
select r.account_id from sanjeh.raters_of($1::uuid) as r (account_id)
