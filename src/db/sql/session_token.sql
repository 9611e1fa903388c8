-- The hash by which a session is found, of a session whose id somebody names.
select s.token_hash
from sanjeh.session s
where s.id = $1::uuid
