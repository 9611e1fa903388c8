update sanjeh.account set seal = $2::bytea, seal_form = 2, version = version + 1 where id = $1::uuid
returning version
