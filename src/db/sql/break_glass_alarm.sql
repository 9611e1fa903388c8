-- SPDX-License-Identifier: Apache-2.0
-- Reviews that are overdue and that no server has raised an alarm about.
update sanjeh.break_glass
set alarmed_at = sanjeh.clock_now()
where id in (select g.id from sanjeh.break_glass as g
    where g.reviewed_at is null and g.alarmed_at is null and g.review_due < sanjeh.clock_now()
    order by g.id limit 16 for update skip locked)
returning id
