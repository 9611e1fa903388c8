-- SPDX-License-Identifier: Apache-2.0
-- What is to be said of numbers that no entry speaks of. A number that has its row already keeps it; one whose deed is
-- still under way is waited for.
insert into sanjeh.audit_outbox (emitter, seq, draft, mac, subjects)
select $1::uuid, u.seq, u.draft, u.mac, u.subjects
  from unnest($2::int8[], $3::bytea[], $4::bytea[], $5::bytea[]) as u (seq, draft, mac, subjects)
on conflict do nothing
