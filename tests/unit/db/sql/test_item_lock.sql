select id from test_item where unit_id = $1::uuid and id = $2::int8 for update
