-- Whether the caller sees the cycle, and whose it is.
select c.unit_id from sanjeh.cycle c where c.id = $1::uuid
