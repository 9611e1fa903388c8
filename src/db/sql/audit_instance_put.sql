-- SPDX-License-Identifier: Apache-2.0
-- This server's newest process.
select sanjeh.audit_instance_put($1::text, $2::uuid, $3::uuid)
