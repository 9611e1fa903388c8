-- SPDX-License-Identifier: Apache-2.0
--
-- Why: rules 3 and 11. That somebody is kin, party, candidate or of the same branch is as much a fact as that he is a superior: who could
--   explain it away kept him in his seat. No reason heals what was found; only an interest that somebody declared himself is weighed. And
--   a conflict that is ended with the seat is ended when the seat is. The board of a head of a court is of a higher court, not only of
--   none below his.
-- Locks: conflict for the moment of a constraint. Time on big tables: none; what was healed before stays, the seats are in the record.
-- Retreat: a later migration puts conflict_rules of 0036 and the former constraints back.

-- Ranks of courts that no chain of parents joins; null: unknown, and above nothing.
create function sanjeh.court_rank(kind text) returns int4 language sql immutable set search_path = pg_catalog, pg_temp
as $$ select case when kind is null then null when kind = 'supreme' then 3 when kind = 'appeal' then 2 else 1 end $$;
revoke execute on function sanjeh.court_rank(text) from public;

-- Whether a person serves now in a court above every court in which this judge serves: in the Supreme Court, in one of higher rank, or up
-- the chain of parents. Who serves in no court: whether his office is the Supreme Court's.
create function sanjeh.serves_above(person uuid, judge uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    today constant date := (sanjeh.clock_now() at time zone 'Asia/Tehran')::date;
begin
    if cardinality(sanjeh.scope_ids()) = 0 then
        return false;
    end if;
    if not exists (select from sanjeh.posting as p where p.judge_id = person and p.court_id is not null
            and p.posted_from <= today and coalesce(p.posted_to, today) >= today) then
        return exists (select from sanjeh.account as a join sanjeh.unit as u on u.id = a.unit_id
            where coalesce(a.judge_id, a.person_judge_id, a.id) = person and a.status = 'active' and u.code = 'SC');
    end if;
    return exists (select from sanjeh.posting as p join sanjeh.court as c on c.id = p.court_id
        where p.judge_id = person and p.posted_from <= today and coalesce(p.posted_to, today) >= today
            and (c.kind = 'supreme' or (select bool_and(coalesce(sanjeh.court_rank(c.kind) > sanjeh.court_rank(k.kind), false) or c.id in (
                    with recursive above (id) as (
                        select k.parent_id
                        union
                        select x.parent_id from above as a join sanjeh.court as x on x.id = a.id)
                    select a.id from above as a where a.id is not null))
                from sanjeh.posting as h join sanjeh.court as k on k.id = h.court_id
                where h.judge_id = judge and h.posted_from <= today and coalesce(h.posted_to, today) >= today)));
end
$$;
comment on function sanjeh.serves_above(uuid, uuid) is 'whether the person is of a higher court than the judge';
revoke execute on function sanjeh.serves_above(uuid, uuid) from public;

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
    -- And by nobody of a court beside it: his board is of a higher court (rule 11). Who serves in none is judged by his office.
    elsif exists (select from sanjeh.seat as s join sanjeh.evaluation as o on o.unit_id = s.unit_id and o.id = s.evaluation_id
        where s.person_id = e.judge_id and s.capacity = 'court_head' and o.cycle_id = e.cycle_id)
        and not sanjeh.serves_above(person, e.judge_id) then
        return next 'NOT_HIGHER';
    end if;
    -- Who holds an office is evaluated outside the unit that he holds it in (rule 12).
    if exists (select from sanjeh.account as a join sanjeh.account as b on b.unit_id = a.unit_id
        where a.person_judge_id = e.judge_id and a.status = 'active' and b.status = 'active'
            and coalesce(b.judge_id, b.person_judge_id, b.id) = person) then
        return next 'OWN_UNIT';
    end if;
end
$$;
alter table sanjeh.conflict drop constraint conflict_rule_known;
alter table sanjeh.conflict add constraint conflict_rule_known check (rule in ('SAME_BRANCH', 'RECIPROCAL', 'SUPERIOR', 'NOT_HIGHER', 'OWN_UNIT',
    'KIN', 'PARTY', 'CANDIDATE', 'DECLARED'));
alter table sanjeh.conflict drop constraint conflict_of_fact_ends_seat;
alter table sanjeh.conflict add constraint conflict_of_fact_ends_seat
    check (rule = 'DECLARED' or resolution is null or resolution = 'seat_ended') not valid;

-- At the end of the transaction: the server ends the seat behind the conflict.
create function sanjeh.refuse_kept_seat() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from sanjeh.seat as s where s.evaluation_id = new.evaluation_id and s.account_id = new.account_id and s.ended_at is null) then
        raise exception 'the conflict is not ended: the seat is kept'
            using errcode = 'check_violation', constraint = 'conflict_ends_with_seat';
    end if;
    return null;
end
$$;
revoke execute on function sanjeh.refuse_kept_seat() from public;
create constraint trigger ends_with_seat after insert or update on sanjeh.conflict deferrable initially deferred for each row
    when (new.resolution = 'seat_ended') execute function sanjeh.refuse_kept_seat();
