-- SPDX-License-Identifier: Apache-2.0
--
-- Why: row security of evaluation asked seat, that of seat asked sample_order, and every table of the file asks evaluation and seat:
--   the plan of a one-row update had 480 subplans, and setting them up cost a millisecond before a row was read. The same
--   questions, each asked once a statement and only when no cheaper condition held, by functions that see what the caller sees.
-- Locks: evaluation, seat for the moment of a change. Time on big tables: none.
-- Retreat: a later migration alters the three policies back to the text that 0017 left.

-- Not definer: row security of seat and sample_order holds inside. plpgsql: the plan is kept for the session. Evaluated as
-- "(select f())", that is at most once a statement, and not at all when a condition before it holds.
create function sanjeh.sits_in() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(s.evaluation_id), '{}') from sanjeh.seat as s
        where s.ended_at is null and s.account_id = any ((select sanjeh.scope_ids())::uuid[]));
end
$$;
comment on function sanjeh.sits_in() is 'files in which an account of the context has a seat of whatever capacity';
create function sanjeh.draws_for() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(o.evaluation_id), '{}') from sanjeh.sample_order as o
        where o.office_account_id = any ((select sanjeh.scope_ids())::uuid[]));
end
$$;
comment on function sanjeh.draws_for() is 'files for which an account of the context draws the sample of decisions';
revoke execute on function sanjeh.sits_in(), sanjeh.draws_for() from public;
grant execute on function sanjeh.sits_in(), sanjeh.draws_for() to sanjeh_app;
create index sample_order_by_office on sanjeh.sample_order (office_account_id);

alter policy evaluation_read on sanjeh.evaluation using (
    array[unit_id, issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and state <> 'planned')
    or (current_user = 'sanjeh_owner' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0)
    or id = any ((select sanjeh.sits_in())::uuid[])
    or id = any ((select sanjeh.draws_for())::uuid[]));
alter policy evaluation_change on sanjeh.evaluation using (
    array[unit_id, issuer_scope_id, judge_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or id = any ((select sanjeh.sits_in())::uuid[]));
-- What sits_in reads as the owner ends before the last line, or the functions would ask each other.
alter policy seat_read on sanjeh.seat using (
    array[unit_id, issuer_scope_id, account_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and capacity not in ('reviewer', 'observer'))
    or (current_user = 'sanjeh_owner' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0)
    or case when current_user = 'sanjeh_owner' then false
        else capacity = 'reviewer' and evaluation_id = any ((select sanjeh.draws_for())::uuid[]) end);

-- One row by its id: the tables of a file are keyed by (unit, id) and indexed by evaluation, so that reading one record of a file read
-- a whole index.
do $do$
declare
    target regclass;
begin
    for target in select c.oid::regclass from pg_catalog.pg_class as c
        join pg_catalog.pg_attribute as i on i.attrelid = c.oid and i.attname = 'id'
        join pg_catalog.pg_attribute as e on e.attrelid = c.oid and e.attname = 'evaluation_id'
        where c.relnamespace = 'sanjeh'::regnamespace and c.relkind = 'r'
            and not exists (select from pg_catalog.pg_index as x where x.indrelid = c.oid and x.indkey[0] = i.attnum)
        order by c.relname
    loop
        execute format('create index %I on %s (id)', (select relname from pg_catalog.pg_class where oid = target) || '_by_id', target);
    end loop;
end
$do$;

-- The key of a gate's answer or of a survey's release is rare: it is asked for when nothing else has opened the row, not set up with
-- every statement that touches a key.
create function sanjeh.sees_gate_key(key_unit uuid, key_subject uuid) returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.gate_answer as g where g.id = key_subject and g.unit_id = key_unit);
end
$$;
comment on function sanjeh.sees_gate_key(uuid, uuid) is 'whether row security shows the caller the gate whose key this is';
create function sanjeh.answers_gate_key(key_unit uuid, key_subject uuid) returns boolean language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.gate_answer as g where g.id = key_subject and g.unit_id = key_unit
        and array[g.scope_id] && (select sanjeh.scope_ids()));
end
$$;
comment on function sanjeh.answers_gate_key(uuid, uuid) is 'whether the gate whose key this is asks a unit of the context';
create function sanjeh.sees_release_key(key_unit uuid, key_subject uuid) returns boolean language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.survey_release as r where r.id = key_subject and r.unit_id = key_unit);
end
$$;
comment on function sanjeh.sees_release_key(uuid, uuid) is 'whether row security shows the caller the release whose key this is';
revoke execute on function sanjeh.sees_gate_key(uuid, uuid), sanjeh.answers_gate_key(uuid, uuid), sanjeh.sees_release_key(uuid, uuid)
    from public;
grant execute on function sanjeh.sees_gate_key(uuid, uuid), sanjeh.answers_gate_key(uuid, uuid), sanjeh.sees_release_key(uuid, uuid)
    to sanjeh_app;
alter policy unit_select on sanjeh.subject_key using (
    array[unit_id, subject_id, '00000000-0000-8000-8000-000000000002'::uuid] && (select sanjeh.scope_ids())
    or (cardinality((select sanjeh.scope_ids())::uuid[]) > 0
        and (exists (select from sanjeh.evaluation as e where e.id = subject_key.subject_id)
            or sanjeh.sees_release_key(unit_id, subject_id)
            or sanjeh.sees_gate_key(unit_id, subject_id))));
alter policy unit_insert on sanjeh.subject_key with check (
    array[unit_id, subject_id, '00000000-0000-8000-8000-000000000002'::uuid] && (select sanjeh.scope_ids())
    or (cardinality((select sanjeh.scope_ids())::uuid[]) > 0
        and (exists (select from sanjeh.evaluation as e
                where e.id = subject_key.subject_id and e.issuer_unit_id = subject_key.unit_id)
            or sanjeh.answers_gate_key(unit_id, subject_id))));

-- The guards: the same questions, their plans kept for the session (a function in SQL that cannot be inlined is planned at each call, and
-- reading one evaluation made nine of them).
create or replace function sanjeh.evaluation_clock_passed(owner_unit uuid, evaluation uuid, clock_code text, require_one boolean)
    returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select not exists (select from sanjeh.deadline as d where d.unit_id = owner_unit and d.evaluation_id = evaluation
            and d.code = clock_code and (d.state = 'stopped' or d.state = 'open' and d.due_at >= sanjeh.clock_now()))
        and (not require_one or exists (select from sanjeh.deadline as d where d.unit_id = owner_unit
            and d.evaluation_id = evaluation and d.code = clock_code)));
end
$$;
create or replace function sanjeh.evaluation_parts(evaluation uuid) returns text[]
    language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select array_remove(array[
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
create or replace function sanjeh.seated_in() returns uuid[] language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(distinct s.evaluation_id), '{}') from sanjeh.seat as s
        where s.ended_at is null and s.account_id = any ((select sanjeh.scope_ids())::uuid[])
            and s.capacity not in ('reviewer', 'observer', 'court_head'));
end
$$;
create or replace function sanjeh.member_of() returns uuid[] language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(distinct m.board_id), '{}') from sanjeh.board_member as m
        where m.removed_at is null and m.account_id = any ((select sanjeh.scope_ids())::uuid[]));
end
$$;
