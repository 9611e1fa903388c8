insert into sanjeh.import_part (unit_id, import_id, at_byte, byte_size, id, body_ct)
select $1::uuid, $2::uuid, w.at_byte, w.byte_size, w.id, w.body_ct
from unnest($3::int8[], $4::int4[], $5::uuid[], $6::bytea[]) as w (at_byte, byte_size, id, body_ct)
