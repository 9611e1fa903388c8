-- SPDX-License-Identifier: Apache-2.0
-- How far the index goes, and where its runs end.
select generation, upto, runs, mac
  from sanjeh.audit_index_state
