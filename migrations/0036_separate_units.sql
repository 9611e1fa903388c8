-- SPDX-License-Identifier: Apache-2.0
--
-- Why: separation rules where the database did not hold them yet.
--   12: who holds an office in the issuer's unit is not evaluated by that issuer; planning leaves him out, and whoever came to the
--       office afterwards is served and told nothing by it.
--   6: DISCIPLINARY as the rule of a conflict told the process owner, the chair and the evaluator that there is a file at JDP-D,
--       pending or rejected as it may be. It is told as PARTY from now on, as any other part in a matter of the judge.
--   1: a seat or a member of a board says truly who the account is: all other rules by person stand on that column.
-- Locks: account against writes while a small index is built; conflict, evaluation, seat, board_member, disclosure, report_card for the
--   moment of a trigger. Time on big tables: conflicts of the one rule are rewritten, a handful.
-- Retreat: a later migration drops triggers and functions and puts conflict_rules of 0023 back.

create index account_by_person on sanjeh.account (person_judge_id) where person_judge_id is not null;

create function sanjeh.holds_office_in(judge uuid, of_unit uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    return cardinality(sanjeh.scope_ids()) > 0 and exists (select from sanjeh.account as a
        where a.person_judge_id = judge and a.unit_id = of_unit and a.status = 'active');
end
$$;
comment on function sanjeh.holds_office_in(uuid, uuid) is 'whether an active office account of the unit is this judge as a person';
revoke execute on function sanjeh.holds_office_in(uuid, uuid) from public;
grant execute on function sanjeh.holds_office_in(uuid, uuid) to sanjeh_app;

-- Argument: the column that names the issuer's unit.
create function sanjeh.refuse_own_unit() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    issuer uuid;
begin
    execute format('select ($1).%I', tg_argv[0]) into issuer using new;
    if sanjeh.holds_office_in(new.judge_id, issuer) then
        raise exception 'who holds an office in a unit is evaluated outside it'
            using errcode = 'check_violation', constraint = 'issuer_not_of_own_unit';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_own_unit() from public;
create trigger not_of_own_unit before insert on sanjeh.evaluation for each row
    when (row_security_active('sanjeh.evaluation'::regclass)) execute function sanjeh.refuse_own_unit('issuer_unit_id');
create trigger not_of_own_unit before insert on sanjeh.disclosure for each row
    when (row_security_active('sanjeh.disclosure'::regclass)) execute function sanjeh.refuse_own_unit('unit_id');
create trigger not_of_own_unit before insert on sanjeh.report_card for each row
    when (row_security_active('sanjeh.report_card'::regclass)) execute function sanjeh.refuse_own_unit('unit_id');

create function sanjeh.refuse_false_person() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.person_id is distinct from sanjeh.person_of(new.account_id) then
        raise exception 'the account is another person'
            using errcode = 'check_violation', constraint = 'person_is_of_account';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.refuse_false_person() from public;
create trigger person_is_true before insert on sanjeh.seat for each row
    when (row_security_active('sanjeh.seat'::regclass)) execute function sanjeh.refuse_false_person();
create trigger person_is_true before insert on sanjeh.board_member for each row
    when (row_security_active('sanjeh.board_member'::regclass)) execute function sanjeh.refuse_false_person();

-- Rule 6. As in 0023 but for the kind 'disciplinary'.
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
            when 'disciplinary' then 'PARTY'
            when 'candidate' then 'CANDIDATE' else 'SUPERIOR' end
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
alter table sanjeh.conflict no force row level security;
update sanjeh.conflict as c set rule = 'PARTY' where c.rule = 'DISCIPLINARY' and not exists (select from sanjeh.conflict as o
    where o.unit_id = c.unit_id and o.evaluation_id = c.evaluation_id and o.account_id = c.account_id and o.rule = 'PARTY');
-- beside one that says PARTY already: the open one of both stays open
update sanjeh.conflict as c set state = 'open', resolution = null, reason = null, resolved_by = null, resolved_at = null
    from sanjeh.conflict as o where o.unit_id = c.unit_id and o.evaluation_id = c.evaluation_id and o.account_id = c.account_id
        and o.rule = 'DISCIPLINARY' and o.state = 'open' and c.rule = 'PARTY';
delete from sanjeh.conflict where rule = 'DISCIPLINARY';
alter table sanjeh.conflict force row level security;
-- What is a fact of register and accounts, no reason heals: it ends with the seat (rules 2, 11 and 12).
alter table sanjeh.conflict drop constraint conflict_reciprocal_ends_seat;
alter table sanjeh.conflict add constraint conflict_of_fact_ends_seat
    check (rule not in ('RECIPROCAL', 'SUPERIOR', 'OWN_UNIT') or resolution is null or resolution = 'seat_ended') not valid;
alter table sanjeh.conflict drop constraint conflict_rule_known;
alter table sanjeh.conflict add constraint conflict_rule_known check (rule in ('SAME_BRANCH', 'RECIPROCAL', 'SUPERIOR', 'OWN_UNIT', 'KIN',
    'PARTY', 'CANDIDATE', 'DECLARED'));
