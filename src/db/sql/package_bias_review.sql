-- Another version of the package, too: who read it before has read something else.
with reviewed as (
    update sanjeh.package_bias set state = 'reviewed', reviewed_by = $4::uuid, note = $5::text
    where unit_id = $1::uuid and package_id = $2::uuid and indicator = $3::text and state = 'open'
    returning unit_id, package_id
)
update sanjeh.package as p set version = p.version + 1 from reviewed as r where p.unit_id = r.unit_id and p.id = r.package_id
