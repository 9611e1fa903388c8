-- SPDX-License-Identifier: Apache-2.0
--
-- Why: an appeal that was varied changed nothing: what it varied was free text, and the card that followed was made of the same marks. It
--   names marks now, criterion by criterion, within the sealed decision; how many stands in clear, so that the database refuses a
--   varied appeal that varies nothing and another outcome that does.
-- Locks: appeal, exclusively for a moment; decisions of before are not checked. Time on big tables: none.
-- Retreat: a later migration drops the constraint and the column.

alter table sanjeh.appeal add column change_count int4 constraint appeal_change_count_range check (change_count between 0 and 99);
comment on column sanjeh.appeal.change_count is 'marks that a decision varies; null before it, and in decisions that had a text instead';
alter table sanjeh.appeal add constraint appeal_varied_has_changes
    check (outcome is null or (outcome = 'varied') = (coalesce(change_count, 0) > 0)) not valid;
grant update (change_count) on sanjeh.appeal to sanjeh_app;
