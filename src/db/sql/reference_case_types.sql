-- Codes of the case types that are in force.
select r.code
from sanjeh.reference r
where r.kind = 'case_type' and r.valid_from <= sanjeh.clock_now()::date
group by r.code
order by r.code
