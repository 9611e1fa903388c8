select request_hash, status, body, location, etag, k.version, k.wrapped
from sanjeh.idempotency as i
left join sanjeh.subject_key as k
  on k.unit_id = $3::uuid and k.subject_id = i.account_id
  -- bytes 1 to 4 of an FLE1 blob name the version of its key
  and k.version = ('x' || encode(substring(i.body from 2 for 4), 'hex'))::bit(32)::int4
where i.account_id = $1::uuid and i.key = $2::text
