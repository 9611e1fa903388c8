-- To the draft as it stands; once.
update sanjeh.template
set consented_by = $3::uuid, consented_at = sanjeh.clock_now(), version = version + 1
where id = $1::uuid and version = $2::int8 and state = 'draft' and consented_by is null
