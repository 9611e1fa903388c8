-- SPDX-License-Identifier: Apache-2.0
-- A page of alarms. $3: of this rule (empty: any), $4: those alone that nobody has acknowledged.
select a.id, a.rule, a.cause, a.window_start, a.window_s, a.hits, a.first_index, a.last_index, a.detail, a.raised_at,
    a.acknowledged_at, a.acknowledged_by, a.reason, a.version
from sanjeh.record_alarm as a
where a.id > $1::uuid and $3::text in (a.rule, '') and (not $4::boolean or a.acknowledged_at is null)
order by a.id
limit $2::int8
