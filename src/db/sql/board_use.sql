-- From its first seat on a board keeps its members.
update sanjeh.board
set used_at = coalesce(used_at, sanjeh.clock_now())
where unit_id = $1::uuid and id = $2::uuid
