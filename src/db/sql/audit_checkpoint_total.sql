-- SPDX-License-Identifier: Apache-2.0
-- How many bytes the notes up to a size take in an export (two for each length).
select coalesce(sum(octet_length(note) + 2), 0)::int8
  from sanjeh.audit_checkpoint
 where size <= $1::int8 and octet_length(note) <= 65535
