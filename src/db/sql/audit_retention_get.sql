-- SPDX-License-Identifier: Apache-2.0
-- From which index on entries are here.
select r.minimum from sanjeh.audit_retention as r
