select account_id, evaluation_id from sanjeh.seat
where ended_at is null and account_id = any ($1::uuid[])
order by account_id, evaluation_id
