-- SPDX-License-Identifier: Apache-2.0
-- Whether this transaction is the one of all servers that publishes.
select pg_catalog.pg_try_advisory_xact_lock(7310013661021456745)
