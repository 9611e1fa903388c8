select jsonb_build_object('day', h.day, 'name_fa', h.name_fa, 'name_en', h.name_en, 'source', h.source)::text, h.day
from sanjeh.holiday as h
where h.day between $1::date and $2::date
order by h.day
limit 1000
