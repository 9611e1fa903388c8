select request_hash, status, body, location, etag, k.version, k.wrapped
from sanjeh.idempotency as i
left join sanjeh.subject_key as k
  on k.unit_id = $3::uuid and k.subject_id = i.account_id
where i.account_id = $1::uuid and i.key = $2::text
order by k.version desc
limit 1
