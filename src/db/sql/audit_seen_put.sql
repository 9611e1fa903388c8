-- SPDX-License-Identifier: Apache-2.0
-- The emitters' numbers of the entries before $1, in place of what stood there.
select sanjeh.audit_seen_put($1::int8, $2::bytea, $3::bytea)
