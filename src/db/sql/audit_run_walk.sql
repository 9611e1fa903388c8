-- SPDX-License-Identifier: Apache-2.0
-- Pages of a run in order, from ($3, $4) on.
select token, idx, content, mac
  from sanjeh.audit_run
 where run_from = $1::int8 and run_to = $2::int8 and (token, idx) >= ($3::int8, $4::int8)
 order by token, idx
 limit 16
