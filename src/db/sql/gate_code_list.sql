-- The gates in their order, and whether each may be asked for purpose $1.
select g.code, exists (select from sanjeh.gate_purpose as p where p.gate = g.code and p.purpose = $1::text)
from sanjeh.gate as g
order by g.code
