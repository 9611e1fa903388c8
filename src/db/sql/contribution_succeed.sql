-- $2 takes the place of $3.
with new as (
    update sanjeh.contribution
    set supersedes_id = $3::uuid
    where unit_id = $1::uuid and id = $2::uuid)
update sanjeh.contribution
set state = 'superseded', superseded_by = $2::uuid, version = version + 1
where unit_id = $1::uuid and id = $3::uuid
