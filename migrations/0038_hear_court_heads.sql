-- SPDX-License-Identifier: Apache-2.0
--
-- Why: rule 11: the head of a court may give an opinion on his judges and sees no mark. His seat gave him no way to speak. An opinion is
--   evidence of a kind of its own, which nobody else offers; the board admits or refuses it with reasons, and nothing counts it.
-- Locks: evidence_item for the moment of a constraint (wider: no row is looked at again) and a policy. Time on big tables: none.
-- Retreat: the former constraint, once no such row is there; drop the policy.

alter table sanjeh.evidence_item drop constraint evidence_item_kind_known;
alter table sanjeh.evidence_item add constraint evidence_item_kind_known
    check (kind in ('document', 'decision', 'training', 'statistics', 'other', 'opinion')) not valid;
alter table sanjeh.evidence_item validate constraint evidence_item_kind_known;
create policy opinion_of_head on sanjeh.evidence_item as restrictive for insert with check (kind <> 'opinion' or exists (
    select from sanjeh.seat as s where s.evaluation_id = evidence_item.evaluation_id and s.ended_at is null
        and s.capacity = 'court_head' and array[s.account_id] && (select sanjeh.scope_ids())));
