-- SPDX-License-Identifier: Apache-2.0
--
-- Why: whoever gets a seat is asked whether the judge sits on him, and whether the judge leads him. Both begin with who the judge is as a
--   person and read every seat of every cycle: of 15,000 evaluations 45,000 rows for each seat that is made.
-- Locks: seat against writes while the index is built. Time on big tables: 45,000 seats in a tenth of a second.
-- Retreat: drop index sanjeh.seat_by_person.

create index seat_by_person on sanjeh.seat (person_id);
