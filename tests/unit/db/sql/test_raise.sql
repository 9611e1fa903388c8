select test_raise($1::text)
