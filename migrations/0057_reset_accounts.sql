-- SPDX-License-Identifier: Apache-2.0
--
-- Why: who has lost a factor is given a new enrolment by two administrators; the factors that he had must go first, both of them.
-- Locks: none but the catalogue's. Time: immediate. Retreat: revoke the privileges.

grant delete on sanjeh.password, sanjeh.totp to sanjeh_app;
