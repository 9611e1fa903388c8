delete from sanjeh.session_role where session_id = $1::uuid and assignment_id = $2::uuid
returning assignment_id
