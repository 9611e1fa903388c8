-- SPDX-License-Identifier: Apache-2.0
-- Every tenant's chain with the entry that it ends in.
select t.tenant_tag, t.seq, t.last_leaf, t.last_idx, e.entry
  from sanjeh.audit_tenant t
  left join sanjeh.audit_entry e on e.idx = t.last_idx
