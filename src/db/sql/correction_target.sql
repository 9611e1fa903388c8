-- Whose data a correction order lets correct, in which cycle, and whether it still does.
select t.judge_id, t.cycle, t.is_open
from sanjeh.correction_target($1::uuid) as t
