-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the state machine of an evaluation once more, in the database: which moves there are, whose they are and what each
--   needs. A program that forgets a guard is stopped here; the program asks the same facts to name what is missing.
-- Locks: evaluation, template, cycle for the moment of a trigger each. Time on big tables: none.
-- Retreat: a later migration drops the triggers and functions named here.

-- parts: owner (unit_id), issuer (issuer_scope_id), judge, lead (chair or rapporteur), board (any who rates), calibrator,
-- appeal_board, system (scope …0006). guards: codes of evaluation_facts() that must all be met.
create table sanjeh.evaluation_move (
    from_state text not null,
    to_state text not null,
    parts text[] not null constraint evaluation_move_has_part check (cardinality(parts) > 0),
    guards text[] not null,
    constraint evaluation_move_pkey primary key (from_state, to_state)
);
comment on table sanjeh.evaluation_move is 'DOMAIN (b); src/cycle/moves.c says the same, a test compares them';
grant select on sanjeh.evaluation_move to sanjeh_app;
insert into sanjeh.evaluation_move (from_state, to_state, parts, guards) values
    ('planned', 'notified', '{owner}', '{CYCLE_ANNOUNCED,BOARD_NAMED}'),
    ('notified', 'collecting', '{owner,system}', '{CHALLENGE_PASSED,NO_CHALLENGE_OPEN}'),
    ('collecting', 'frozen', '{owner}',
        '{SELF_ASSESSMENT_DONE,CONTEST_PASSED,BATCHES_ACCEPTED,NO_DATA_ISSUE,COMPUTED,COVERAGE_ENOUGH}'),
    ('collecting', 'insufficient', '{owner,system}', '{SELF_ASSESSMENT_DONE,CONTEST_PASSED,COMPUTED,COVERAGE_SHORT}'),
    ('frozen', 'rating', '{lead,board}', '{COI_DECLARED,NO_CONFLICT_OPEN,BOARD_FULL,BOARD_OF_JUDGES}'),
    ('rating', 'drafted', '{lead}', '{ALL_RATED,DRAFT_FINAL}'),
    ('drafted', 'calibrated', '{calibrator}', '{CALIBRATION_CLOSED}'),
    ('drafted', 'disclosed', '{issuer}', '{DISCLOSURE_MADE}'),
    ('calibrated', 'disclosed', '{issuer}', '{DISCLOSURE_MADE}'),
    ('disclosed', 'replied', '{judge}', '{REPLY_SUBMITTED}'),
    ('disclosed', 'reply_lapsed', '{system}', '{REPLY_PASSED}'),
    ('replied', 'drafted', '{lead}', '{REASON_GIVEN}'),
    ('replied', 'decided', '{lead}', '{POINTS_ANSWERED,VERDICT_MADE}'),
    ('reply_lapsed', 'decided', '{lead}', '{POINTS_ANSWERED,VERDICT_MADE}'),
    ('decided', 'gated', '{issuer,system}', '{NO_GATE_ASKED}'),
    ('gated', 'issued', '{issuer}', '{CARD_MADE}'),
    ('issued', 'acknowledged', '{judge}', '{}'),
    ('issued', 'appealed', '{judge}', '{APPEAL_FILED,APPEAL_IN_TIME}'),
    ('acknowledged', 'appealed', '{judge}', '{APPEAL_FILED,APPEAL_IN_TIME}'),
    ('issued', 'final', '{system}', '{APPEAL_PASSED}'),
    ('acknowledged', 'final', '{system}', '{APPEAL_PASSED}'),
    ('appealed', 'final', '{appeal_board}', '{APPEAL_KEPT,APPEAL_DISJOINT}'),
    ('appealed', 'varied', '{appeal_board}', '{APPEAL_VARIED,APPEAL_DISJOINT}'),
    ('appealed', 'rating', '{appeal_board}', '{APPEAL_REMANDED,APPEAL_DISJOINT}'),
    ('varied', 'final', '{issuer}', '{CARD_SUPERSEDED}'),
    ('final', 'superseded', '{issuer}', '{CORRECTION_ORDERED}'),
    ('final', 'archived', '{owner,system}', '{}'),
    ('superseded', 'archived', '{owner,system}', '{}'),
    ('insufficient', 'archived', '{owner,system}', '{}');
-- Long leave, secondment: any state before issued, and back to exactly that state.
insert into sanjeh.evaluation_move (from_state, to_state, parts, guards)
select s.state, 'suspended', '{owner}'::text[], '{REASON_GIVEN}'::text[]
from unnest(array['planned', 'notified', 'collecting', 'frozen', 'rating', 'drafted', 'calibrated', 'disclosed', 'replied',
    'reply_lapsed', 'decided', 'gated']) as s (state)
union all
select 'suspended', s.state, '{owner}'::text[], '{REASON_GIVEN}'::text[]
from unnest(array['planned', 'notified', 'collecting', 'frozen', 'rating', 'drafted', 'calibrated', 'disclosed', 'replied',
    'reply_lapsed', 'decided', 'gated']) as s (state);

-- A context of scope …0006 for counting what the caller must not read; the owner's alone, never granted. Whoever calls
-- it sits in a block of his own with an exception handler: leaving that block by an error takes the setting back.
create function sanjeh.enter_evaluation_scope() returns text language plpgsql volatile
    set search_path = pg_catalog, pg_temp
as $$
declare
    former constant text := current_setting('sanjeh.context', true);
    body constant text := format('v1.%s.%s', floor(extract(epoch from statement_timestamp()))::int8 + 60,
        '00000000-0000-8000-8000-000000000006');
    mac text;
begin
    select encode(sha256(k.outer_pad || sha256(k.inner_pad || convert_to(body, 'UTF8'))), 'hex') into strict mac
    from sanjeh.context_key as k;
    perform set_config('sanjeh.context', body || '.' || mac, true);
    return former;
end
$$;
revoke all on function sanjeh.enter_evaluation_scope() from public;

-- What the clocks say. passed: the clock has run and no instance of it is running any more.
create function sanjeh.evaluation_clock_passed(owner_unit uuid, evaluation uuid, clock_code text, require_one boolean)
    returns boolean language sql stable set search_path = pg_catalog, pg_temp
as $$
    select not exists (select from sanjeh.deadline as d where d.unit_id = owner_unit and d.evaluation_id = evaluation
            and d.code = clock_code and (d.state = 'stopped' or d.state = 'open' and d.due_at >= sanjeh.clock_now()))
        and (not require_one or exists (select from sanjeh.deadline as d where d.unit_id = owner_unit
            and d.evaluation_id = evaluation and d.code = clock_code))
$$;
revoke all on function sanjeh.evaluation_clock_passed(uuid, uuid, text, boolean) from public;

-- Facts about preparation. Runs in scope …0006.
create function sanjeh.evaluation_facts_before(e sanjeh.evaluation) returns table (code text, is_met boolean)
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    c sanjeh.cycle;
    raters int8;
    judges int8;
begin
    select x.* into strict c from sanjeh.cycle as x where x.unit_id = e.unit_id and x.id = e.cycle_id;
    select count(distinct s.person_id), count(distinct s.person_id) filter (where s.is_judge) into raters, judges
    from sanjeh.seat as s
    where s.evaluation_id = e.id and s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur');
    return query values
        ('CYCLE_ANNOUNCED', c.state not in ('draft', 'approved', 'cancelled', 'closed', 'archived')),
        ('BOARD_NAMED', e.board_id is not null and raters >= 3),
        ('BOARD_FULL', raters >= 3),
        ('BOARD_OF_JUDGES', judges * 2 > raters),
        ('CHALLENGE_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'challenge', true)),
        ('SELF_ASSESSMENT_DONE', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'self_assessment', true)
            or exists (select from sanjeh.self_assessment as x where x.evaluation_id = e.id and x.state = 'submitted')),
        ('CONTEST_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'contest', true)),
        ('BATCHES_ACCEPTED', not exists (select from sanjeh.contribution as x
            where x.cycle = c.code and x.state in ('received', 'validated'))),
        ('NO_DATA_ISSUE', not exists (select from sanjeh.data_issue as x
            where (x.evaluation_id = e.id or x.judge_id = e.judge_id) and x.state = 'open')),
        ('COMPUTED', e.coverage is not null),
        ('COVERAGE_ENOUGH', coalesce(e.coverage >= c.coverage_min, false)),
        ('COVERAGE_SHORT', coalesce(e.coverage < c.coverage_min, false));
end
$$;
revoke all on function sanjeh.evaluation_facts_before(sanjeh.evaluation) from public;

-- Facts about the board's work. Runs in scope …0006.
create function sanjeh.evaluation_facts_board(e sanjeh.evaluation) returns table (code text, is_met boolean)
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    c sanjeh.cycle;
    raters int8;
    marks int8;
begin
    select x.* into strict c from sanjeh.cycle as x where x.unit_id = e.unit_id and x.id = e.cycle_id;
    select count(*) into raters from sanjeh.seat as s
    where s.evaluation_id = e.id and s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur');
    select count(*) into marks from sanjeh.template_item as i
    where i.unit_id = c.unit_id and i.template_id = c.template_id and i.source = 'mark';
    return query values
        ('NO_CHALLENGE_OPEN', not exists (select from sanjeh.challenge as x where x.evaluation_id = e.id and x.state = 'open')),
        ('COI_DECLARED', raters > 0 and not exists (select from sanjeh.seat as s
            where s.evaluation_id = e.id and s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur')
                and not exists (select from sanjeh.coi_declaration as x
                    where x.evaluation_id = e.id and x.account_id = s.account_id and x.state = 'clear'))),
        ('NO_CONFLICT_OPEN', not exists (select from sanjeh.conflict as x where x.evaluation_id = e.id and x.state = 'open')),
        ('ALL_RATED', raters > 0 and not exists (select from sanjeh.seat as s
            where s.evaluation_id = e.id and s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur')
                and marks > (select count(distinct r.item_no) from sanjeh.rating as r
                    join sanjeh.template_item as i on i.unit_id = c.unit_id and i.template_id = c.template_id
                        and i.no = r.item_no and i.source = 'mark'
                    where r.evaluation_id = e.id and r.account_id = s.account_id and r.round = e.round
                        and r.submitted_at is not null))),
        ('DRAFT_FINAL', exists (select from sanjeh.draft as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'final')),
        ('CALIBRATION_CLOSED', exists (select from sanjeh.calibration_session as x
            where x.unit_id = e.unit_id and x.cycle_id = e.cycle_id and x.state = 'closed'
                and (exists (select from sanjeh.seat as s where s.evaluation_id = e.id and s.capacity = 'calibrator'
                        and s.board_id = x.board_id)
                    or exists (select from sanjeh.calibration_change as h
                        where h.evaluation_id = e.id and h.session_id = x.id))));
end
$$;
revoke all on function sanjeh.evaluation_facts_board(sanjeh.evaluation) from public;

-- Facts about what follows the marks. Runs in scope …0006.
create function sanjeh.evaluation_facts_after(e sanjeh.evaluation) returns table (code text, is_met boolean)
    language plpgsql volatile set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    decision text;
begin
    select x.outcome into decision from sanjeh.appeal as x
    where x.evaluation_id = e.id and x.round = e.round and x.state = 'decided';
    return query values
        ('DISCLOSURE_MADE', exists (select from sanjeh.disclosure as x where x.evaluation_id = e.id and x.round = e.round)),
        ('REPLY_SUBMITTED', exists (select from sanjeh.reply as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'submitted')),
        ('REPLY_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'reply', true)),
        ('POINTS_ANSWERED', not exists (select from sanjeh.reply_point as x
            where x.evaluation_id = e.id and x.round = e.round and x.answered_at is null)),
        ('VERDICT_MADE', exists (select from sanjeh.verdict as x where x.evaluation_id = e.id and x.round = e.round)),
        ('NO_GATE_ASKED', not exists (select from sanjeh.gate_answer as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'asked')),
        ('CARD_MADE', exists (select from sanjeh.report_card as x where x.evaluation_id = e.id and x.round = e.round)),
        ('CARD_SUPERSEDED', exists (select from sanjeh.report_card as x
            where x.evaluation_id = e.id and x.supersedes is not null and x.issued_at >= e.state_since)),
        ('APPEAL_FILED', exists (select from sanjeh.appeal as x
            where x.evaluation_id = e.id and x.round = e.round and x.state = 'filed')),
        ('APPEAL_IN_TIME', exists (select from sanjeh.deadline as x where x.unit_id = e.unit_id and x.evaluation_id = e.id
            and x.code = 'appeal' and x.state = 'open' and x.due_at >= sanjeh.clock_now())),
        ('APPEAL_PASSED', sanjeh.evaluation_clock_passed(e.unit_id, e.id, 'appeal', true)),
        ('APPEAL_KEPT', coalesce(decision in ('upheld', 'rejected'), false)),
        ('APPEAL_VARIED', coalesce(decision = 'varied', false)),
        ('APPEAL_REMANDED', coalesce(decision = 'remanded', false)),
        ('APPEAL_DISJOINT', exists (select from sanjeh.seat as a where a.evaluation_id = e.id and a.ended_at is null
                and a.capacity in ('appeal_chair', 'appeal_member'))
            and not exists (select from sanjeh.seat as a join sanjeh.seat as s on s.evaluation_id = a.evaluation_id
                and (s.person_id = a.person_id or s.account_id = a.account_id)
                and s.capacity not in ('appeal_chair', 'appeal_member')
                where a.evaluation_id = e.id and a.ended_at is null and a.capacity in ('appeal_chair', 'appeal_member'))
            and not exists (select from sanjeh.seat as a where a.evaluation_id = e.id and a.ended_at is null
                and a.capacity in ('appeal_chair', 'appeal_member')
                and (exists (select from sanjeh.report_card as k where k.evaluation_id = e.id
                        and k.issued_by in (a.account_id, a.person_id))
                    or exists (select from sanjeh.cycle as c where c.unit_id = e.unit_id and c.id = e.cycle_id
                        and c.issuer_signed_by in (a.account_id, a.person_id))))),
        ('CORRECTION_ORDERED', exists (select from sanjeh.correction_order as x
            where x.evaluation_id = e.id and x.created_at >= e.state_since));
end
$$;
revoke all on function sanjeh.evaluation_facts_after(sanjeh.evaluation) from public;

-- The parts that the present context has in an evaluation.
create function sanjeh.evaluation_parts(evaluation uuid) returns text[]
    language sql stable set search_path = pg_catalog, pg_temp
as $$
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
    where e.id = evaluation
$$;
grant execute on function sanjeh.evaluation_parts(uuid) to sanjeh_app;

-- Every guard of an evaluation that the caller has a part in, met or not: booleans, no content. Anybody else gets no row. REASON_GIVEN belongs to the request and is for the caller.
create function sanjeh.evaluation_facts(evaluation uuid) returns table (code text, is_met boolean)
    language plpgsql volatile security definer set search_path = pg_catalog, pg_temp
as $$
#variable_conflict use_column
declare
    e sanjeh.evaluation;
    former text;
begin
    -- the owner of this function sees every row (0008): the caller's scopes are asked by name
    if cardinality(sanjeh.evaluation_parts(evaluation)) is null or cardinality(sanjeh.evaluation_parts(evaluation)) = 0 then
        return;
    end if;
    select x.* into strict e from sanjeh.evaluation as x where x.id = evaluation;
    begin
        former := sanjeh.enter_evaluation_scope();
        return query select * from sanjeh.evaluation_facts_before(e);
        return query select * from sanjeh.evaluation_facts_board(e);
        return query select * from sanjeh.evaluation_facts_after(e);
        perform set_config('sanjeh.context', coalesce(former, ''), true);
    exception when others then
        raise; -- the block's own subtransaction has taken the setting back
    end;
end
$$;
revoke all on function sanjeh.evaluation_facts(uuid) from public;
grant execute on function sanjeh.evaluation_facts(uuid) to sanjeh_app;

-- The gate of the state machine. A superuser, whom row security does not hold either, repairs at his own risk.
create function sanjeh.evaluation_check_move() returns trigger language plpgsql security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    move sanjeh.evaluation_move;
    parts constant text[] := sanjeh.evaluation_parts(old.id);
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
        where g.code <> 'REASON_GIVEN'
            and not exists (select from sanjeh.evaluation_facts(old.id) as f where f.code = g.code and f.is_met);
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
create trigger evaluation_move before update of state on sanjeh.evaluation for each row
    when (old.state is distinct from new.state and row_security_active('sanjeh.evaluation'::regclass))
    execute function sanjeh.evaluation_check_move();

-- Time stamps and round belong to moves: nobody writes them beside one.
create function sanjeh.evaluation_keep_stamps() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if (new.notified_at, new.frozen_at, new.marks_locked_at, new.disclosed_at, new.issued_at, new.appealed_at, new.round)
        is distinct from
        (old.notified_at, old.frozen_at, old.marks_locked_at, old.disclosed_at, old.issued_at, old.appealed_at, old.round) then
        raise exception 'stamps of an evaluation change by moves only'
            using errcode = 'check_violation', constraint = 'evaluation_stamps_by_move';
    end if;
    return new;
end
$$;
create trigger evaluation_stamps before update on sanjeh.evaluation for each row
    when (old.state = new.state and row_security_active('sanjeh.evaluation'::regclass))
    execute function sanjeh.evaluation_keep_stamps();

create function sanjeh.evaluation_born_planned() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state <> 'planned' then
        raise exception 'an evaluation begins as planned'
            using errcode = 'check_violation', constraint = 'evaluation_born_planned';
    end if;
    return new;
end
$$;
create trigger evaluation_birth before insert on sanjeh.evaluation for each row
    when (row_security_active('sanjeh.evaluation'::regclass)) execute function sanjeh.evaluation_born_planned();
