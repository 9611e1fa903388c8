select a.id from sanjeh.approval as a where a.id = $1::uuid for update
