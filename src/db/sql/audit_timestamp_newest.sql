-- SPDX-License-Identifier: Apache-2.0
-- When the newest token was taken; no row: never.
select taken_s, size from sanjeh.audit_timestamp order by taken_s desc limit 1
