-- SPDX-License-Identifier: Apache-2.0
-- What was counted of a day.
select sanjeh.audit_day_put($1::date, $2::int8, $3::int8, $4::bytea)
