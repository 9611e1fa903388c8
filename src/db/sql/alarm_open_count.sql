-- SPDX-License-Identifier: Apache-2.0
-- How many alarms nobody has acknowledged, by rule.
select a.rule, count(*) from sanjeh.record_alarm as a where a.acknowledged_at is null group by a.rule
