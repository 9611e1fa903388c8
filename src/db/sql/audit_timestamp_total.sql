-- SPDX-License-Identifier: Apache-2.0
-- How many bytes the tokens over trees up to size $1 take in an export (two for each of two lengths).
select coalesce(sum(octet_length(note) + octet_length(token) + 4), 0)::int8
  from sanjeh.audit_timestamp
 where size <= $1::int8
