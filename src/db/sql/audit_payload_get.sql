-- SPDX-License-Identifier: Apache-2.0
-- What stands beside one entry.
select p.content from sanjeh.audit_payload as p where p.idx = $1::int8
