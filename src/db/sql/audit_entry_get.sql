-- SPDX-License-Identifier: Apache-2.0
-- One entry, and the hash that the tree was made of.
select entry, leaf_hash from sanjeh.audit_entry where idx = $1::int8
