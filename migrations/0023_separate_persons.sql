-- SPDX-License-Identifier: Apache-2.0
--
-- Why: separation by person once more, where accounts were compared: who has two accounts, or is the judge himself under an
--   office account, has no part in his own file (rule 1), is no board of appeal over what he issued (rule 9), leads nobody who
--   evaluates him (2, 11) and is not evaluated by his own unit (12). An answer of a gate lasts at most twelve months (7).
-- Locks: the tables named here for the moment of a trigger or a constraint. Time on big tables: none (constraints not valid: what
--   was written before stays).
-- Retreat: a later migration drops triggers and constraints and puts the functions of 0008 and 0015 back.

create function sanjeh.person_of(account uuid) returns uuid language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce((select coalesce(a.judge_id, a.person_judge_id) from sanjeh.account as a where a.id = account), account)
$$;
comment on function sanjeh.person_of(uuid) is 'the judge that the holder of the account is, else the account; whatever its status';
revoke execute on function sanjeh.person_of(uuid) from public;
grant execute on function sanjeh.person_of(uuid) to sanjeh_app;

-- Rule 1. Argument: the column that names the account which acts. The judge's own words have tables of their own.
create function sanjeh.refuse_own_part() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    actor uuid;
begin
    execute format('select ($1).%I', tg_argv[0]) into actor using new;
    if actor is not null and sanjeh.person_of(actor) = new.judge_id then
        raise exception 'nobody has a part in his own evaluation'
            using errcode = 'insufficient_privilege', constraint = 'part_not_oneself';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_own_part() from public;
do $do$
declare
    part record;
begin
    for part in select * from (values ('rating', 'created_by'), ('draft', 'created_by'), ('calibration_change', 'created_by'),
            ('opinion_review', 'created_by'), ('observation', 'created_by'), ('verdict', 'created_by'), ('disclosure', 'created_by'),
            ('appeal_vote', 'created_by'), ('appeal', 'decided_by'), ('challenge', 'decided_by'), ('conflict', 'resolved_by'),
            ('reply_point', 'answered_by'), ('gate_answer', 'created_by'), ('gate_answer', 'answered_by'),
            ('correction_order', 'created_by'), ('report_card', 'issued_by')) as p (tab, col) loop
        execute format('create trigger %I before insert or update on sanjeh.%I for each row execute function '
            'sanjeh.refuse_own_part(%L)', 'not_oneself_' || part.col, part.tab, part.col);
    end loop;
end
$do$;

-- A person decides neither about a challenge nor a conflict of his own, under whatever account.
create function sanjeh.refuse_own_decision() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    actor uuid;
begin
    execute format('select ($1).%I', tg_argv[0]) into actor using new;
    if actor is not null and new.account_id is not null and sanjeh.person_of(actor) = sanjeh.person_of(new.account_id)
        and (tg_argv[1] is null or to_jsonb(new) ->> 'resolution' = tg_argv[1]) then
        raise exception 'nobody decides about himself'
            using errcode = 'insufficient_privilege', constraint = 'decision_not_about_oneself';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_own_decision() from public;
create trigger not_about_oneself before insert or update on sanjeh.challenge
    for each row execute function sanjeh.refuse_own_decision('decided_by');
create trigger not_about_oneself before insert or update on sanjeh.conflict
    for each row execute function sanjeh.refuse_own_decision('resolved_by', 'no_conflict');

-- One person has one account in a file: two would be two voices.
create function sanjeh.refuse_second_account() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from sanjeh.seat as s where s.unit_id = new.unit_id and s.evaluation_id = new.evaluation_id
            and s.person_id = new.person_id and s.account_id <> new.account_id) then
        raise exception 'one person has one account in a file'
            using errcode = 'check_violation', constraint = 'seat_one_account_per_person';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_second_account() from public;
create trigger one_account_per_person before insert on sanjeh.seat for each row execute function sanjeh.refuse_second_account();

-- Rule 7.
alter table sanjeh.gate_answer add constraint gate_answer_expires_within_a_year
    check (expires_on <= ((answered_at at time zone 'Asia/Tehran')::date + interval '12 months')::date) not valid;

-- Rules 2, 11, 12. What no reason heals is ended with the seat.
alter table sanjeh.conflict drop constraint conflict_rule_known;
alter table sanjeh.conflict add constraint conflict_rule_known check (rule in ('SAME_BRANCH', 'RECIPROCAL', 'SUPERIOR', 'OWN_UNIT', 'KIN',
    'PARTY', 'CANDIDATE', 'DISCIPLINARY', 'DECLARED'));
alter table sanjeh.conflict add constraint conflict_reciprocal_ends_seat
    check (rule <> 'RECIPROCAL' or resolution is null or resolution = 'seat_ended') not valid;
create or replace function sanjeh.conflict_rules(evaluation uuid, person uuid) returns setof text language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    e record;
    today constant date := (sanjeh.clock_now() at time zone 'Asia/Tehran')::date;
begin
    select v.id, v.cycle_id, v.judge_id into e from sanjeh.evaluation as v
        where v.id = evaluation and cardinality(sanjeh.scope_ids()) > 0;
    if not found then
        return;
    end if;
    return query select distinct case r.kind when 'kin' then 'KIN' when 'partner' then 'KIN' when 'party' then 'PARTY'
            when 'candidate' then 'CANDIDATE' when 'superior' then 'SUPERIOR' else 'DISCIPLINARY' end
        from sanjeh.relation as r
        where ((r.person_id = person and r.judge_id = e.judge_id)
                or (r.kind in ('kin', 'partner', 'party', 'candidate') and r.person_id = e.judge_id and r.judge_id = person))
            and r.valid_from <= today and (r.valid_to is null or r.valid_to >= today or r.kind in ('party', 'disciplinary'));
    if exists (select from sanjeh.seat as s join sanjeh.evaluation as o on o.unit_id = s.unit_id and o.id = s.evaluation_id
        where s.person_id = e.judge_id and s.judge_id = person and s.ended_at is null and o.cycle_id = e.cycle_id
            and s.capacity not in ('court_head', 'observer')) then
        return next 'RECIPROCAL';
    end if;
    if exists (select from sanjeh.posting as a join sanjeh.posting as b on b.court_id = a.court_id
        where a.judge_id = e.judge_id and b.judge_id = person
            and coalesce(a.posted_to, today) >= today - interval '24 months'
            and coalesce(b.posted_to, today) >= today - interval '24 months') then
        return next 'SAME_BRANCH';
    end if;
    -- He leads the person: a head of a court is evaluated by nobody of that court nor of one below it (rules 2 and 11).
    if exists (select from sanjeh.seat as s join sanjeh.evaluation as o on o.unit_id = s.unit_id and o.id = s.evaluation_id
        where s.person_id = e.judge_id and s.capacity = 'court_head' and o.cycle_id = e.cycle_id
            and (s.judge_id = person or exists (
                with recursive led (id) as (
                    select b.court_id from sanjeh.posting as b
                    where b.judge_id = e.judge_id and b.posted_from <= today and coalesce(b.posted_to, today) >= today
                    union
                    select c.id from led as l join sanjeh.court as c on c.parent_id = l.id)
                select from sanjeh.posting as p join led as l on l.id = p.court_id
                where p.judge_id = person and p.posted_from <= today and coalesce(p.posted_to, today) >= today))) then
        return next 'SUPERIOR';
    end if;
    -- Who holds an office is evaluated outside the unit that he holds it in (rule 12).
    if exists (select from sanjeh.account as a join sanjeh.account as b on b.unit_id = a.unit_id
        where a.person_judge_id = e.judge_id and a.status = 'active' and b.status = 'active'
            and coalesce(b.judge_id, b.person_judge_id, b.id) = person) then
        return next 'OWN_UNIT';
    end if;
end
$$;

-- Rule 9: the issuer as a person.
create or replace function sanjeh.evaluation_facts_after(e sanjeh.evaluation) returns table (code text, is_met boolean)
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
                        and sanjeh.person_of(k.issued_by) = a.person_id)
                    or exists (select from sanjeh.cycle as c where c.unit_id = e.unit_id and c.id = e.cycle_id
                        and sanjeh.person_of(c.issuer_signed_by) = a.person_id)))),
        ('CORRECTION_ORDERED', exists (select from sanjeh.correction_order as x
            where x.evaluation_id = e.id and x.created_at >= e.state_since));
end
$$;
