-- The signed context, for this transaction only.
select set_config('sanjeh.context', $1::text, true)
