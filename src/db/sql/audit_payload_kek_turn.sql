-- SPDX-License-Identifier: Apache-2.0
-- From generation $1 to $2: the keys of subject $3 go, all others are as given. How many went.
select sanjeh.audit_payload_kek_turn($1::int4, $2::int4, $3::uuid, $4::int4[], $5::bytea[])
