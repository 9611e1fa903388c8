-- Which board evaluations have.
update sanjeh.evaluation
set board_id = case $3::text when 'first' then $4::uuid else board_id end,
    appeal_board_id = case $3::text when 'appeal' then $4::uuid else appeal_board_id end,
    version = version + 1
where unit_id = $1::uuid and id = any ($2::uuid[])
