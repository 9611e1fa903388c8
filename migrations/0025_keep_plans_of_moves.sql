-- SPDX-License-Identifier: Apache-2.0
--
-- Why: one move of an evaluation cost 60 ms, all of it planning: functions in SQL are planned at each call, a plan made for one role
--   is made anew for another, and the gate of the state machine asked all facts once for each guard. 15,000 judges make 15,000
--   moves a step. Now the same functions as in 0015 keep their plans (plpgsql), the definers have a copy of evaluation_parts to
--   themselves, the gate asks once, and of three groups of facts those are left out that no next move needs.
--   The clocks of an evaluation that have ended had no index.
-- Locks: deadline against writes while its index is built. Time on big tables: a second for 100,000 clocks.
-- Retreat: a later migration replaces the functions again and drops the index.

create index deadline_by_evaluation on sanjeh.deadline (evaluation_id, code);

-- evaluation_parts for functions that run as their owner.
create function sanjeh.evaluation_parts_held(evaluation uuid) returns text[]
    language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (
        select array_remove(array[
            case when e.unit_id = any (ids.of) then 'owner' end,
            case when e.issuer_scope_id = any (ids.of) then 'issuer' end,
            case when e.judge_id = any (ids.of) and e.state <> 'planned' then 'judge' end,
            case when '00000000-0000-8000-8000-000000000006'::uuid = any (ids.of) then 'system' end], null)
            || array(select distinct case when s.capacity in ('chair', 'rapporteur') then 'lead'
                    when s.capacity in ('appeal_chair', 'appeal_member') then 'appeal_board'
                    when s.capacity = 'calibrator' then 'calibrator' else 'board' end
                from sanjeh.seat as s where s.evaluation_id = e.id and s.ended_at is null and s.account_id = any (ids.of)
                    and s.capacity in ('chair', 'member', 'rapporteur', 'calibrator', 'appeal_chair', 'appeal_member'))
        from sanjeh.evaluation as e, (select sanjeh.scope_ids()) as ids (of)
        where e.id = evaluation);
end
$$;
revoke all on function sanjeh.evaluation_parts_held(uuid) from public;

create or replace function sanjeh.evaluation_facts(evaluation uuid) returns table (code text, is_met boolean)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    e sanjeh.evaluation;
    former text;
    wanted text[];
begin
    -- the owner of this function sees every row (0008): the caller's scopes are asked by name
    if coalesce(cardinality(sanjeh.evaluation_parts_held(evaluation)), 0) = 0 then
        return;
    end if;
    select x.* into strict e from sanjeh.evaluation as x where x.id = evaluation;
    -- a file has a handful of next moves; what only others need costs twenty statements and is not asked
    wanted := array(select g.code from sanjeh.evaluation_move as v, unnest(v.guards) as g (code) where v.from_state = e.state);
    begin
        former := sanjeh.enter_evaluation_scope();
        if wanted && array['CYCLE_ANNOUNCED', 'BOARD_NAMED', 'BOARD_FULL', 'BOARD_OF_JUDGES', 'CHALLENGE_PASSED', 'SELF_ASSESSMENT_DONE',
            'CONTEST_PASSED', 'BATCHES_ACCEPTED', 'NO_DATA_ISSUE', 'COMPUTED', 'COVERAGE_ENOUGH', 'COVERAGE_SHORT'] then
            return query select * from sanjeh.evaluation_facts_before(e);
        end if;
        if wanted && array['NO_CHALLENGE_OPEN', 'COI_DECLARED', 'NO_CONFLICT_OPEN', 'ALL_RATED', 'DRAFT_FINAL', 'CALIBRATION_CLOSED'] then
            return query select * from sanjeh.evaluation_facts_board(e);
        end if;
        if wanted && array['DISCLOSURE_MADE', 'REPLY_SUBMITTED', 'REPLY_PASSED', 'POINTS_ANSWERED', 'VERDICT_MADE', 'NO_GATE_ASKED',
            'CARD_MADE', 'CARD_SUPERSEDED', 'APPEAL_FILED', 'APPEAL_IN_TIME', 'APPEAL_PASSED', 'APPEAL_KEPT', 'APPEAL_VARIED', 'APPEAL_REMANDED', 'APPEAL_DISJOINT', 'CORRECTION_ORDERED'] then
            return query select * from sanjeh.evaluation_facts_after(e);
        end if;
        perform set_config('sanjeh.context', coalesce(former, ''), true);
    exception when others then
        raise; -- the block's own subtransaction has taken the setting back
    end;
end
$$;

create or replace function sanjeh.evaluation_check_move() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    move sanjeh.evaluation_move;
    parts constant text[] := sanjeh.evaluation_parts_held(old.id);
    said constant text := nullif(current_setting('sanjeh.move_reason', true), '');
    mover constant text := nullif(current_setting('sanjeh.move_by', true), '');
    unmet text;
begin
    select m.* into move from sanjeh.evaluation_move as m where m.from_state = old.state and m.to_state = new.state;
    if not found or (old.state = 'suspended' and old.suspended_from is distinct from new.state) then
        raise exception 'no move from % to %', old.state, new.state
            using errcode = 'check_violation', constraint = 'evaluation_move_exists';
    end if;
    if not (move.parts && parts) then
        raise exception 'the move from % to % is not for %', old.state, new.state, parts
            using errcode = 'insufficient_privilege', constraint = 'evaluation_move_part';
    end if;
    if cardinality(array_remove(move.guards, 'REASON_GIVEN')) > 0 then
        select string_agg(g.code, ',') into unmet from unnest(move.guards) as g (code)
        left join sanjeh.evaluation_facts(old.id) as f on f.code = g.code and f.is_met
        where g.code <> 'REASON_GIVEN' and f.code is null;
    end if;
    if 'REASON_GIVEN' = any (move.guards) and said is null then
        unmet := concat_ws(',', unmet, 'REASON_GIVEN');
    end if;
    if unmet = 'CALIBRATION_CLOSED' and said is not null then
        unmet := null; -- an explicit "no change" needs no session
    end if;
    if unmet is not null then
        raise exception 'unmet: %', unmet using errcode = 'check_violation', constraint = 'evaluation_guards_met';
    end if;
    new.version := old.version + 1;
    new.state_since := sanjeh.clock_now();
    new.suspended_from := case when new.state = 'suspended' then old.state end;
    if old.state <> 'suspended' then
        new.notified_at := case when new.state = 'notified' then new.state_since else old.notified_at end;
        new.frozen_at := case when new.state = 'frozen' then new.state_since else old.frozen_at end;
        new.issued_at := case when new.state = 'issued' then new.state_since else old.issued_at end;
        new.appealed_at := case when new.state = 'appealed' then new.state_since else old.appealed_at end;
        new.marks_locked_at := case when old.state = 'rating' and new.state = 'drafted' then new.state_since
            when new.state = 'rating' and old.state = 'appealed' then null else old.marks_locked_at end;
        new.disclosed_at := case when new.state = 'disclosed' then new.state_since
            when new.state = 'rating' and old.state = 'appealed' then null else old.disclosed_at end;
        new.round := old.round + case when old.state = 'appealed' and new.state = 'rating' then 1 else 0 end;
    end if;
    insert into sanjeh.evaluation_event (unit_id, evaluation_id, no, from_state, to_state, by_account, reason, at)
    select old.unit_id, old.id, coalesce(max(v.no), 0) + 1, old.state, new.state, mover::uuid, said, new.state_since
    from sanjeh.evaluation_event as v where v.unit_id = old.unit_id and v.evaluation_id = old.id;
    return new;
end
$$;
