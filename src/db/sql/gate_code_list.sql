-- The gates that are asked, in their order.
select g.code
from sanjeh.gate as g
order by g.code
