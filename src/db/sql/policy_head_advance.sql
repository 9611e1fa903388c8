update sanjeh.policy_head set activation = $1::int8 where activation = $1::int8 - 1
