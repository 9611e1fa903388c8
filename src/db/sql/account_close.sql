update sanjeh.account set status = 'disabled', version = version + 1
where id = $1::uuid and status = 'active'
returning version
