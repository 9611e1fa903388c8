-- SPDX-License-Identifier: Apache-2.0
--
-- Why: a cycle is cancelled with a reason that stays and is shown; what was announced is corrected only by another template and
--   another announcement: a cycle that supersedes one is announced when the former is cancelled. The name of an announced cycle,
--   its stamps and the hash of its criteria are written by moves alone.
-- Locks: cycle for the moment of a column and a check. Time on big tables: none; cycles are few.
-- Retreat: a later migration takes the guards out of cycle_move and the functions of 0016 back; the column stays.

alter table sanjeh.cycle add column cancelled_reason text
    constraint cycle_cancelled_reason_length check (octet_length(cancelled_reason) between 1 and 2000);
comment on column sanjeh.cycle.cancelled_reason is 'null: not cancelled, or cancelled before reasons were kept';
grant update (cancelled_reason) on sanjeh.cycle to sanjeh_app;
create index cycle_by_superseded on sanjeh.cycle (unit_id, supersedes_id) where supersedes_id is not null;

update sanjeh.cycle_move set guards = guards || '{REASON_GIVEN}'::text[] where to_state = 'cancelled';
update sanjeh.cycle_move set guards = guards || '{NOTHING_CUT}'::text[] where to_state = 'cancelled' and from_state in ('open', 'collecting');
update sanjeh.cycle_move set guards = guards || '{FORMER_CANCELLED}'::text[] where from_state = 'approved' and to_state = 'announced';

-- A cancelled cycle cuts no evidence.
update sanjeh.evaluation_move set guards = '{CYCLE_ANNOUNCED}'::text[] || guards where from_state = 'collecting' and to_state = 'frozen';

create or replace function sanjeh.cycle_unmet(c sanjeh.cycle, to_state text) returns text[] language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select array(select g.code from sanjeh.cycle_move as m, unnest(m.guards) as g (code)
        where m.from_state = c.state and m.to_state = cycle_unmet.to_state and not case g.code
            when 'SIGNED_BY_BOTH' then c.owner_signed_by is not null and c.issuer_signed_by is not null
            when 'TEMPLATE_PUBLISHED' then exists (select from sanjeh.template as t
                where t.unit_id = c.unit_id and t.id = c.template_id and t.state = 'published')
            when 'FORMER_CANCELLED' then c.supersedes_id is null or exists (select from sanjeh.cycle as f
                where f.unit_id = c.unit_id and f.id = c.supersedes_id and f.state = 'cancelled')
            when 'REASON_GIVEN' then c.cancelled_reason is not null
            when 'NOTHING_CUT' then not exists (select from sanjeh.evaluation as e
                where e.unit_id = c.unit_id and e.cycle_id = c.id and e.frozen_at is not null)
            when 'HAS_EVALUATIONS' then exists (select from sanjeh.evaluation as e
                where e.unit_id = c.unit_id and e.cycle_id = c.id)
            else not exists (select from sanjeh.evaluation as e where e.unit_id = c.unit_id and e.cycle_id = c.id
                and (e.state in ('planned', 'notified', 'collecting')
                    or g.code in ('NOTHING_RATING', 'NOTHING_UNDISCLOSED', 'NOTHING_UNISSUED', 'EVERYTHING_ENDED')
                        and e.state in ('frozen', 'rating', 'suspended')
                    or g.code in ('NOTHING_UNDISCLOSED', 'NOTHING_UNISSUED', 'EVERYTHING_ENDED')
                        and e.state in ('drafted', 'calibrated')
                    or g.code in ('NOTHING_UNISSUED', 'EVERYTHING_ENDED')
                        and e.state in ('disclosed', 'replied', 'reply_lapsed', 'decided', 'gated')
                    or g.code = 'EVERYTHING_ENDED' and e.state in ('issued', 'acknowledged', 'appealed', 'varied')))
            end)
$$;

create or replace function sanjeh.cycle_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    ids constant uuid[] := sanjeh.scope_ids();
    asked sanjeh.cycle;
    unmet text[];
begin
    if old.state <> 'draft' and (new.kind, new.period_from, new.period_to, new.template_id, new.population, new.coverage_min,
        new.owner_signed_by, new.issuer_signed_by) is distinct from (old.kind, old.period_from, old.period_to, old.template_id,
        old.population, old.coverage_min, old.owner_signed_by, old.issuer_signed_by) then
        raise exception 'signed criteria stay as they are'
            using errcode = 'check_violation', constraint = 'cycle_criteria_stay';
    end if;
    if old.state not in ('draft', 'approved') and (new.name_fa, new.name_en) is distinct from (old.name_fa, old.name_en) then
        raise exception 'what was announced stays as it is'
            using errcode = 'check_violation', constraint = 'cycle_criteria_stay';
    end if;
    if (new.announced_at, new.frozen_at, new.criteria_sha256) is distinct from (old.announced_at, old.frozen_at, old.criteria_sha256)
        or new.cancelled_reason is distinct from old.cancelled_reason and new.state = old.state
        or new.cancelled_reason is not null and new.state <> 'cancelled' then
        raise exception 'stamps of a cycle change by moves only'
            using errcode = 'check_violation', constraint = 'cycle_stamps_by_move';
    end if;
    if new.owner_signed_by is distinct from old.owner_signed_by and new.owner_signed_by is not null
        and not old.unit_id = any (ids)
        or new.issuer_signed_by is distinct from old.issuer_signed_by and new.issuer_signed_by is not null
        and not old.issuer_scope_id = any (ids) then
        raise exception 'an office signs for itself' using errcode = 'insufficient_privilege', constraint = 'cycle_own_signature';
    end if;
    if new.state is distinct from old.state then
        if not exists (select from sanjeh.cycle_move as m where m.from_state = old.state and m.to_state = new.state) then
            raise exception 'no move from % to %', old.state, new.state
                using errcode = 'check_violation', constraint = 'cycle_move_exists';
        end if;
        asked := new; -- with the signature that this very change brings
        asked.state := old.state;
        unmet := sanjeh.cycle_unmet(asked, new.state);
        if cardinality(unmet) > 0 then
            raise exception 'unmet: %', unmet using errcode = 'check_violation', constraint = 'cycle_guards_met';
        end if;
        if new.state = 'announced' then
            new.announced_at := sanjeh.clock_now();
            new.criteria_sha256 := sha256(convert_to(sanjeh.cycle_criteria(old), 'UTF8'));
        elsif new.state = 'frozen' then
            new.frozen_at := sanjeh.clock_now();
        end if;
    end if;
    return new;
end
$$;
