-- The number of the last change of an assignment at a moment, 0 when there was none.
select coalesce(max(c.seq), 0)::int8 from sanjeh.assignment_change as c where c.changed_at <= $1::timestamptz
