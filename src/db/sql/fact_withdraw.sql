update sanjeh.workload_fact
set in_force = false
where unit_id = $1::uuid and contribution_id = $2::uuid and in_force
