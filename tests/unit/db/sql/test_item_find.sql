select unit_id, id, a, b, c, d, e, f, g from test_item where unit_id = $1::uuid and id = $2::int8
