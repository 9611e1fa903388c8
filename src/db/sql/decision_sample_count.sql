-- One more of its two reviews is written.
update sanjeh.decision_sample
set reviewed = reviewed + 1, version = version + 1
where unit_id = $1::uuid and id = $2::uuid and reviewed < 2
