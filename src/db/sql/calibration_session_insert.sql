-- A session of an open calibration board that the caller sits on; no row otherwise.
insert into sanjeh.calibration_session (unit_id, id, issuer_scope_id, cycle_id, board_id, quorum, present, created_by)
select b.unit_id, $1::uuid, b.issuer_scope_id, b.cycle_id, b.id, $4::int4, $5::uuid[], $6::uuid
from sanjeh.board b
where b.id = $2::uuid and b.cycle_id = $3::uuid and b.kind = 'calibration' and b.state = 'open'
