-- The card in force gives way to $3; its id.
update sanjeh.report_card
set superseded_by = $3::uuid, version = version + 1
where unit_id = $1::uuid and evaluation_id = $2::uuid and superseded_by is null
returning id
