-- SPDX-License-Identifier: Apache-2.0
insert into sanjeh.break_glass (id, evaluation_id, judge_id, account_id, person_id, account_unit, reason, opened_at, ends_at, notice_at,
    review_due, seal)
values ($1::uuid, $2::uuid, $3::uuid, $4::uuid, $5::uuid, $6::uuid, $7::text, $8::timestamptz, $9::timestamptz, $10::timestamptz,
    $11::timestamptz, $12::bytea)
