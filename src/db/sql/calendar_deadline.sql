select sanjeh.deadline_of(($1::date)::timestamp at time zone 'Asia/Tehran', $2::int4, $3::text),
    (sanjeh.deadline_of(($1::date)::timestamp at time zone 'Asia/Tehran', $2::int4, $3::text) at time zone 'Asia/Tehran')::date
