-- SPDX-License-Identifier: Apache-2.0
-- Closed or reviewed: whatever has a value now, sealed anew.
update sanjeh.break_glass
set closed_at = $3::timestamptz, closed_by = $4::uuid, reviewed_at = $5::timestamptz, reviewed_by = $6::uuid, outcome = $7::text,
    review = $8::text, seal = $9::bytea, version = version + 1
where id = $1::uuid and version = $2::int8
