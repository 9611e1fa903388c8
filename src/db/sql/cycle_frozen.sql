-- Whether any cycle of this code has been frozen (or was cancelled, closed and archived after that).
select 1
from sanjeh.cycle c
where c.code = $1::text and c.frozen_at is not null
limit 1
