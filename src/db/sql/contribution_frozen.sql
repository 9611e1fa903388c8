-- Whether frozen evaluations rest on this batch.
select sanjeh.contribution_is_frozen($1::uuid, $2::uuid)
