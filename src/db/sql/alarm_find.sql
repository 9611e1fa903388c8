-- SPDX-License-Identifier: Apache-2.0
-- One alarm.
select a.id, a.rule, a.cause, a.window_start, a.window_s, a.hits, a.first_index, a.last_index, a.detail, a.raised_at,
    a.acknowledged_at, a.acknowledged_by, a.reason, a.version
from sanjeh.record_alarm as a
where a.id = $1::uuid
