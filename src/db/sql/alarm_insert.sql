-- SPDX-License-Identifier: Apache-2.0
-- One alarm; no row comes back when the rule has said so in this window.
insert into sanjeh.record_alarm (id, rule, cause, window_start, window_s, hits, first_index, last_index, detail)
values ($1::uuid, $2::text, $3::text, $4::timestamptz, $5::int8, $6::int8, $7::int8, $8::int8, $9::text)
on conflict on constraint record_alarm_once do nothing
returning id
