-- All members of a board that is not in use yet.
update sanjeh.board_member
set removed_at = sanjeh.clock_now()
where unit_id = $1::uuid and board_id = $2::uuid and removed_at is null
