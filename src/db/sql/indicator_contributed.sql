-- Which reported indicators the unit or its compartment contributes. Decision samples give Q01 and Q02, gates have their own answers (level G).
select i.id
from sanjeh.indicator as i
join sanjeh.unit as u on u.code = i.contributor_unit_code
where u.id = any (array[$1::uuid, $2::uuid]) and i.kind = 'reported' and i.level <> 'G'
    and i.code not in ('Q01', 'Q02')
