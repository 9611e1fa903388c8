-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a bulk import can be held until another person accepts or rejects it, and can take the place of an earlier batch, as a
--   contribution can. Its rows lie apart (not in force) while they come in; acceptance, or the last step of a successor, brings them
--   into force in one transaction, in which the batch before goes out of force. What was superseded or rejected stays.
--   A held batch is accepted by another person than who sent it, and a rejection has a reason (FLE1, key of the batch).
-- Rows that lie apart are unique within their batch: twins of one file that are steps apart meet this index, as others meet fact_in_force.
-- Locks: contribution, import_job for a moment; workload_fact and indicator_value while an index over rows out of force is built (few).
-- Time on big tables: one scan each, about 1 s a million rows. Retreat: a later migration takes trigger and indexes away; columns stay.

alter table sanjeh.contribution
    add column is_held boolean not null default false,
    add column reason bytea,
    drop constraint contribution_state_known,
    add constraint contribution_state_known
        check (state in ('received', 'validated', 'accepted', 'published', 'superseded', 'rejected')) not valid,
    add constraint contribution_held_is_answered
        check (not is_held or state not in ('accepted', 'published') or accepted_by is not null),
    add constraint contribution_reason_of_rejection check (reason is null or state = 'rejected');
alter table sanjeh.contribution validate constraint contribution_state_known;
comment on column sanjeh.contribution.is_held is 'its rows come into force by the acceptance of another person, never by the rules alone';
comment on column sanjeh.contribution.supersedes_id is 'whose place it takes; while it is held: will take';
grant update (reason) on sanjeh.contribution to sanjeh_app;

alter table sanjeh.import_job
    add column is_held boolean not null default false,
    add column supersedes_id uuid,
    add constraint import_predecessor foreign key (unit_id, supersedes_id) references sanjeh.contribution (unit_id, id),
    add constraint import_roster_is_in_the_register_at_once
        check (kind <> 'roster' or (not is_held and supersedes_id is null));

create unique index fact_of_batch on sanjeh.workload_fact
    (unit_id, contribution_id, judge_id, period_from, period_to, court_id, case_type) nulls not distinct where not in_force;
create unique index value_of_batch on sanjeh.indicator_value
    (unit_id, contribution_id, judge_id, court_id, indicator_id, period_from, period_to) nulls not distinct where not in_force;

create function sanjeh.contribution_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state = old.state then
        return new;
    end if;
    if (old.state, new.state) not in (('received', 'validated'), ('validated', 'accepted'), ('accepted', 'published'),
            ('accepted', 'superseded'), ('published', 'superseded'), ('received', 'rejected'), ('validated', 'rejected'))
        and not (old.state = 'received' and new.state = 'accepted' and not old.is_held) then
        raise exception 'a batch does not go from % to %', old.state, new.state
            using errcode = 'check_violation', constraint = 'contribution_move';
    end if;
    if old.state = 'validated' and new.state = 'accepted'
        and (new.accepted_by is null or sanjeh.person_of(new.accepted_by) = sanjeh.person_of(new.submitted_by)) then
        raise exception 'a batch that was held is accepted by another person'
            using errcode = 'check_violation', constraint = 'contribution_distinct_person';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.contribution_keep() from public;
create trigger keep before update on sanjeh.contribution for each row
    when (row_security_active('sanjeh.contribution'::regclass)) execute function sanjeh.contribution_keep();
