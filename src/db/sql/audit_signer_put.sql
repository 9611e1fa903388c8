-- SPDX-License-Identifier: Apache-2.0
-- A log key with its keeper's voucher.
select sanjeh.audit_signer_put($1::text, $2::text, $3::bytea)
