delete from sanjeh.package_bias where unit_id = $1::uuid and package_id = $2::uuid
