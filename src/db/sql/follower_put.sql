-- SPDX-License-Identifier: Apache-2.0
-- How far a follower of the record is now.
insert into sanjeh.record_follower as f (name, position, state, mac)
values ($1::text, $2::int8, $3::bytea, $4::bytea)
on conflict (name) do update set position = excluded.position, state = excluded.state, mac = excluded.mac, updated_at = now()
