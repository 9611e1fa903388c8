-- The trigger of the state machine checks it again, stamps it and writes the history.
update sanjeh.evaluation as e
set state = $3::text
where e.id = $1::uuid and e.version = $2::int8
returning e.unit_id, e.id, e.cycle_id, e.judge_unit_id, e.judge_id, e.issuer_unit_id, e.issuer_scope_id, e.board_id, e.appeal_board_id,
    e.state, e.suspended_from, e.round::int8, (e.coverage * 100)::int8, e.state_since, e.notified_at, e.frozen_at, e.marks_locked_at,
    e.disclosed_at, e.issued_at, e.appealed_at, e.version, sanjeh.clock_now()
