-- SPDX-License-Identifier: Apache-2.0
-- The partition behind the one that is being filled, when there is none: how many were made.
select sanjeh.audit_partition_add()
