-- SPDX-License-Identifier: Apache-2.0
-- Whoever is first: no row comes back when somebody has acknowledged it.
update sanjeh.record_alarm
set acknowledged_at = now(), acknowledged_by = $2::uuid, reason = $3::text, version = version + 1
where id = $1::uuid and acknowledged_at is null
returning acknowledged_at, version
