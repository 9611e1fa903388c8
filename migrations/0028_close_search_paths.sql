-- SPDX-License-Identifier: Apache-2.0
--
-- Why: functions of 0002, 0004 and 0014 set search_path = sanjeh, pg_catalog. pg_temp that is not named is searched first for tables:
--   a temporary audit_head would stand before the real one in a function that runs as the owner. Nobody of ours may make temporary
--   tables, but that is one wall; here pg_catalog comes first and pg_temp last, by name. tests/sql holds every function to it.
-- Locks: none on tables. Time on big tables: none. Retreat: alter function … set search_path as it was.

alter function sanjeh.session_revoked_notify() set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.account_changed_notify() set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.role_assignment_changed_notify() set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_append(uuid, bigint, bytea, bigint, bytea, bytea, bigint, uuid, bytea, bytea[], bytea[], uuid[], bigint[], integer[], bigint[],
    bytea[], uuid[], bigint[], bytea[], bigint[], bigint, bytea) set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_checkpoint_put(bigint, bytea) set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_seen_put(bigint, bytea, bytea) set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_outbox_refuse(uuid, bigint) set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_refuse_change() set search_path = pg_catalog, sanjeh, pg_temp;
alter function sanjeh.audit_opening_put(uuid[], bigint[]) set search_path = pg_catalog, sanjeh, pg_temp;
