-- When no seat's marks are missing any more, from here nobody edits a mark and all members see all.
update sanjeh.evaluation
set marks_locked_at = sanjeh.clock_now(), version = version + 1
where id = $1::uuid and marks_locked_at is null and sanjeh.marks_missing(id) = 0
