-- Four columns for each group; n, mean and spread null: not shown.
select a.group_key, a.n, a.mean::text, a.spread::text
from sanjeh.aggregates($1::text, $2::date, $3::date, $4::text) as a
