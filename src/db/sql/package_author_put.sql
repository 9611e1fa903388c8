insert into sanjeh.package_author (unit_id, package_id, person_id, account_id) values ($1::uuid, $2::uuid, $3::uuid, $4::uuid)
on conflict do nothing
