update sanjeh.survey
set invited = invited + $3::int4
where unit_id = $1::uuid and id = $2::uuid
