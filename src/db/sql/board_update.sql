-- A new name, when nobody changed the board since version $3.
update sanjeh.board
set name = $4::text, version = version + 1
where unit_id = $1::uuid and id = $2::uuid and version = $3::int8
