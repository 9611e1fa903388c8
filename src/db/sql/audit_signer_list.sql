-- SPDX-License-Identifier: Apache-2.0
-- Log keys of all servers, the newest first.
select instance, vkey, voucher
  from sanjeh.audit_signer
 order by since desc, vkey
 limit 1024
