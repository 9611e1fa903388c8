insert into sanjeh.role_assignment (account_id, role)
values ($1::uuid, $2::text)
