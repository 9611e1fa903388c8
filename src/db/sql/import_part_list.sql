-- Pieces that hold bytes from $3 up to $4; no piece is larger than 64 KiB.
select p.at_byte, p.byte_size, p.id, p.body_ct
from sanjeh.import_part p
where p.unit_id = $1::uuid and p.import_id = $2::uuid and p.at_byte > $3::int8 - 65536 and p.at_byte < $4::int8
    and p.at_byte + p.byte_size > $3::int8
order by p.at_byte
