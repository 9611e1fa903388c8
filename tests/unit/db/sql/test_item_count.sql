select count(*) from test_item where a = $1::text
