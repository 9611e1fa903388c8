-- SPDX-License-Identifier: Apache-2.0
-- How far the index goes, and how many postings are counted.
select upto, counted, mac
  from sanjeh.audit_index_state
