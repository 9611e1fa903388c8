-- Who moves and why, for the history that the trigger writes; of this transaction only.
select set_config('sanjeh.move_by', coalesce($1::uuid::text, ''), true), set_config('sanjeh.move_reason', coalesce($2::text, ''), true)
