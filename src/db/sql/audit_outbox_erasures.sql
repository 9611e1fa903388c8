-- SPDX-License-Identifier: Apache-2.0
-- How many erasures stand in the outbox (drafts, docs/AUDIT.md 2.5: kind 12 at offset 1).
select count(*) from sanjeh.audit_outbox as o where octet_length(o.draft) > 1 and get_byte(o.draft, 1) = 12
