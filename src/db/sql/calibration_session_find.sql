select c.unit_id, c.id, c.cycle_id, c.board_id, c.quorum, array_to_string(c.present, ','), c.state, c.closed_at, c.version, c.created_at
from sanjeh.calibration_session c
where c.id = $1::uuid
