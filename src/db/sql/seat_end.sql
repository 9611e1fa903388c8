-- Every seat that the account holds in the file.
update sanjeh.seat
set ended_at = sanjeh.clock_now(), ended_reason = $4::text
where unit_id = $1::uuid and evaluation_id = $2::uuid and account_id = $3::uuid and ended_at is null
