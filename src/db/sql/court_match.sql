-- Courts by the search form of their codes.
select c.code_norm, c.id
from sanjeh.court c
where c.code_norm = any($1::text[])
