-- A day that has come stays: clocks have run over it.
delete from sanjeh.holiday where day = $1::date and day > (sanjeh.clock_now() at time zone 'Asia/Tehran')::date
