-- SPDX-License-Identifier: Apache-2.0
-- Empties the index.
select sanjeh.audit_index_clear()
