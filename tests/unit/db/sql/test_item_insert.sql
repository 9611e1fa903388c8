insert into test_item (unit_id, id, a, b, c, d, e, f, g)
values ($1::uuid, $2::int8, $3::text, 1, 2, 3, now(), '\x00', '\x01')
