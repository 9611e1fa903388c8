set role sanjeh_owner
