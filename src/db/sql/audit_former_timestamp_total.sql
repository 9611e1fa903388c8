-- SPDX-License-Identifier: Apache-2.0
-- How many bytes the tokens of log $2 over trees up to size $1 take in an export (two for each of two lengths).
select coalesce(sum(octet_length(note) + octet_length(token) + 4), 0)::int8
  from sanjeh.audit_former_timestamp
 where log_id = $2::uuid and size <= $1::int8
