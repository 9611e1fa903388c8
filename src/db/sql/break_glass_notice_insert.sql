-- SPDX-License-Identifier: Apache-2.0
insert into sanjeh.break_glass_notice (approval_id, postponed_until, reason, postponed_by, postponed_at, seal)
values ($1::uuid, $2::timestamptz, $3::text, $4::uuid, $5::timestamptz, $6::bytea)
