-- SPDX-License-Identifier: Apache-2.0
-- Forgets all counts; the worker makes them anew.
select sanjeh.audit_day_clear()
