-- SPDX-License-Identifier: Apache-2.0
--
-- Why: rule 10 in the database, beside 0033. A unit corrects its own batch until the freeze: afterwards no batch without an order moves that
--   names a frozen cycle, no row is added to one, no import of one begins; and what names no cycle is not withdrawn once an evaluation has
--   been frozen that rests on it. An order that is open lifts this for its judge.
-- Locks: contribution, import_job, workload_fact and indicator_value for the moment of a trigger.
-- Time on big tables: none. A statement that writes rows of data asks once for each batch it writes to.
-- Retreat: a later migration drops the triggers and functions named here.

create function sanjeh.cycle_is_frozen(cycle_code text) returns boolean language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return cycle_code is not null and exists (select from sanjeh.cycle as c where c.code = cycle_code and c.frozen_at is not null);
end
$$;
revoke execute on function sanjeh.cycle_is_frozen(text) from public;
grant execute on function sanjeh.cycle_is_frozen(text) to sanjeh_app;

-- Whether frozen evaluations rest on rows of this batch that are in force, or were until this transaction.
-- Whether an open order lets somebody correct the data of this judge for this cycle.
create function sanjeh.correction_is_open(of_evaluation uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.correction_order as o cross join lateral sanjeh.correction_target(o.id) as t
        where o.evaluation_id = of_evaluation and t.is_open);
end
$$;
revoke execute on function sanjeh.correction_is_open(uuid) from public;

create function sanjeh.contribution_is_frozen(of_unit uuid, batch uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.contribution as b
            where b.unit_id = of_unit and b.id = batch and sanjeh.cycle_is_frozen(b.cycle))
        or exists (select from (select f.judge_id, f.period_from, f.period_to from sanjeh.workload_fact as f
                    where f.unit_id = of_unit and f.contribution_id = batch
                union all select v.judge_id, v.period_from, v.period_to from sanjeh.indicator_value as v
                    where v.unit_id = of_unit and v.contribution_id = batch) as r
            join sanjeh.evaluation as e on e.judge_id = r.judge_id
            join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
            where r.period_from <= c.period_to and r.period_to >= c.period_from
                and e.frozen_at > (select b.created_at from sanjeh.contribution as b where b.unit_id = of_unit and b.id = batch)
                and not sanjeh.correction_is_open(e.id));
end
$$;
comment on function sanjeh.contribution_is_frozen(uuid, uuid) is 'of the caller''s own unit: of no other does row security show a row';
revoke execute on function sanjeh.contribution_is_frozen(uuid, uuid) from public;
grant execute on function sanjeh.contribution_is_frozen(uuid, uuid) to sanjeh_app;

-- The same for the rows of one judge in a batch, of these days. A row of a court has no judge.
create function sanjeh.row_is_frozen(of_unit uuid, batch uuid, judge uuid, from_day date, to_day date) returns boolean
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    b record;
begin
    select x.cycle, x.created_at, sanjeh.cycle_is_frozen(x.cycle) as is_named into b
    from sanjeh.contribution as x where x.unit_id = of_unit and x.id = batch;
    if b.is_named then
        return not exists (select from sanjeh.evaluation as e join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
            where e.judge_id = judge and c.code = b.cycle and sanjeh.correction_is_open(e.id));
    end if;
    return exists (select from sanjeh.evaluation as e join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
        where e.judge_id = judge and e.frozen_at > b.created_at and from_day <= c.period_to and to_day >= c.period_from
            and not sanjeh.correction_is_open(e.id));
end
$$;
revoke execute on function sanjeh.row_is_frozen(uuid, uuid, uuid, date, date) from public;
grant execute on function sanjeh.row_is_frozen(uuid, uuid, uuid, date, date) to sanjeh_app;

create function sanjeh.contribution_keep_frozen() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if (new.correction_id is null and new.state <> 'rejected' and sanjeh.cycle_is_frozen(new.cycle)) or (tg_op = 'UPDATE' and new.state = 'superseded' and old.state <> 'superseded'
            and sanjeh.contribution_is_frozen(new.unit_id, new.id)) then
        raise exception 'frozen: only a correction order changes these data' using errcode = 'check_violation', constraint = 'contribution_frozen';
    end if;
    return new;
end
$$;
create trigger keep_frozen before insert or update on sanjeh.contribution for each row
    when (row_security_active('sanjeh.contribution'::regclass)) execute function sanjeh.contribution_keep_frozen();

create function sanjeh.import_keep_frozen() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if (tg_op = 'INSERT' or new.state <> old.state) and new.state not in ('failed', 'cancelled')
        and sanjeh.cycle_is_frozen(new.cycle) then
        raise exception 'frozen: only a correction order changes these data' using errcode = 'check_violation', constraint = 'import_frozen';
    end if;
    return new;
end
$$;
create trigger keep_frozen before insert or update on sanjeh.import_job for each row
    when (row_security_active('sanjeh.import_job'::regclass)) execute function sanjeh.import_keep_frozen();

-- Rows of data: once a statement, for each batch it writes to.
create function sanjeh.rows_keep_new() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from (select distinct r.unit_id, r.contribution_id from new_rows as r) as k
            join sanjeh.contribution as b on b.unit_id = k.unit_id and b.id = k.contribution_id
            where b.correction_id is null and sanjeh.cycle_is_frozen(b.cycle)) then
        raise exception 'frozen: only a correction order changes these data' using errcode = 'check_violation', constraint = 'rows_frozen';
    end if;
    return null;
end
$$;
-- Withdrawing a row that is in force is a correction of its batch; bringing a held one into force is none.
create function sanjeh.rows_keep_old() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from (select r.unit_id, r.contribution_id, r.judge_id, bool_or(r.in_force) as is_in_force,
                min(r.period_from) as from_day, max(r.period_to) as to_day from old_rows as r group by r.unit_id, r.contribution_id, r.judge_id) as k
            join sanjeh.contribution as b on b.unit_id = k.unit_id and b.id = k.contribution_id
            where (k.is_in_force or (b.correction_id is null and sanjeh.cycle_is_frozen(b.cycle)))
                and sanjeh.row_is_frozen(k.unit_id, k.contribution_id, k.judge_id, k.from_day, k.to_day)) then
        raise exception 'frozen: only a correction order changes these data' using errcode = 'check_violation', constraint = 'rows_frozen';
    end if;
    return null;
end
$$;
do $do$
declare
    t text;
begin
    foreach t in array array['workload_fact', 'indicator_value'] loop
        execute format('create trigger rows_keep_new after insert on sanjeh.%1$I referencing new table as new_rows for each statement '
            'when (row_security_active(%2$L::regclass)) execute function sanjeh.rows_keep_new()', t, 'sanjeh.' || t);
        execute format('create trigger rows_keep_old after update on sanjeh.%1$I referencing old table as old_rows for each statement '
            'when (row_security_active(%2$L::regclass)) execute function sanjeh.rows_keep_old()', t, 'sanjeh.' || t);
    end loop;
end
$do$;
