select exists (select from sanjeh.seat as s
    where s.evaluation_id = $1::uuid and s.account_id = $2::uuid and s.ended_at is null and s.capacity = any ($3::text[]))
