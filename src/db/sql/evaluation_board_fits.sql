-- A row when the board is an open one of this kind in the evaluation's cycle.
select b.id from sanjeh.board as b
where b.id = $1::uuid and b.unit_id = $2::uuid and b.cycle_id = $3::uuid and b.kind = $4::text and b.state = 'open'
