-- All, or the one that refuses this definition.
select r.code, r.name_fa, r.name_en, r.reason_fa, r.reason_en, r.source
from sanjeh.refused_indicator r
where $1::text is null or r.code in (select sanjeh.refused_by($1::text))
order by r.code
limit 500
