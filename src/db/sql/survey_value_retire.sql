-- Values of the survey's earlier release stand back for those of the new one.
update sanjeh.indicator_value
set in_force = false
where unit_id = $1::uuid and contribution_id = $2::uuid and in_force
