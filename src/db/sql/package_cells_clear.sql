delete from sanjeh.package_cell where unit_id = $1::uuid and package_id = $2::uuid
