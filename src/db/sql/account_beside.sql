-- Whether an account is of the caller's unit and compartment (null: none), as row security shows it.
select a.id from sanjeh.account a where a.id = $1::uuid and a.compartment_id is not distinct from $2::uuid
