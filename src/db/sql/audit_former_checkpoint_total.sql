-- SPDX-License-Identifier: Apache-2.0
-- How many bytes the notes of log $2 up to a size take in an export (two for each length).
select coalesce(sum(octet_length(note) + 2), 0)::int8
  from sanjeh.audit_former_checkpoint
 where log_id = $2::uuid and size <= $1::int8 and octet_length(note) <= 65535
