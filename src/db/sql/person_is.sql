-- Is the object this person, or an account of his?
select $1::uuid = $2::uuid or sanjeh.person_of($1::uuid) = $2::uuid
