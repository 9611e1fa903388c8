-- SPDX-License-Identifier: Apache-2.0
-- How many reviews are overdue, and of how many no server has raised an alarm.
select count(*), count(*) filter (where g.alarmed_at is null)
from sanjeh.break_glass as g
where g.reviewed_at is null and g.review_due < sanjeh.clock_now()
