update sanjeh.indicator_value
set in_force = true
where unit_id = $1::uuid and contribution_id = $2::uuid and not in_force
