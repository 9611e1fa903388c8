-- SPDX-License-Identifier: Apache-2.0
--
-- Why: after the freeze data of a cycle change by a correction order alone (DOMAIN d, rule 10). A batch may name an order that is open: the
--   evaluation is superseded and no card was signed since. It carries rows of that one judge; rows of the same unit, judge, place and
--   period go out of force and stay. The sheet of a correction stands beside the one it corrects (correction_id), computed against the
--   peers of the freeze. The database refuses by itself: a batch of a frozen cycle without an order, an order that is closed, another
--   judge's row.
-- Locks: contribution, evaluation_score for a moment, the latter while its unique index is built again (one row a file).
-- Time on big tables: under a second for 15,000 sheets. Retreat: a later migration drops triggers and function; columns stay.

alter table sanjeh.contribution add column correction_id uuid;
comment on column sanjeh.contribution.correction_id is 'correction order of an issuer''s file under which it was sent; null: as a rule';
create index contribution_by_correction on sanjeh.contribution (correction_id) where correction_id is not null;

alter table sanjeh.evaluation_score
    add column correction_id uuid,
    drop constraint evaluation_score_once,
    add constraint evaluation_score_once unique nulls not distinct (unit_id, evaluation_id, round, correction_id),
    add constraint evaluation_score_correction foreign key (unit_id, correction_id) references sanjeh.correction_order (unit_id, id);
comment on column sanjeh.evaluation_score.correction_id is 'null: of the cycle''s computation; else of this order, beside the sheet that it corrects';

select sanjeh.open_to_definer('sanjeh.correction_order');
select sanjeh.open_to_definer('sanjeh.report_card');

create function sanjeh.correction_target(correction uuid) returns table (judge_id uuid, cycle text, is_open boolean)
    language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select o.judge_id, c.code, e.state = 'superseded' and not exists (select from sanjeh.report_card as k
        where k.evaluation_id = o.evaluation_id and k.supersedes is not null and k.issued_at >= o.created_at)
    from sanjeh.correction_order as o
    join sanjeh.evaluation as e on e.id = o.evaluation_id
    join sanjeh.cycle as c on c.unit_id = e.unit_id and c.id = e.cycle_id
    where o.id = correction
$$;
comment on function sanjeh.correction_target(uuid) is
    'whose data an order lets correct, in which cycle, and whether it still does; for whoever was told its id, no word of the file';
revoke execute on function sanjeh.correction_target(uuid) from public;
grant execute on function sanjeh.correction_target(uuid) to sanjeh_app;

create function sanjeh.contribution_refuse_frozen() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from sanjeh.cycle as c where c.code = new.cycle and c.frozen_at is not null) then
        raise exception 'the cycle is frozen: only a correction order changes its data'
            using errcode = 'check_violation', constraint = 'contribution_frozen';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.contribution_refuse_frozen() from public;
create trigger refuse_frozen before insert on sanjeh.contribution for each row
    when (new.cycle is not null and new.correction_id is null and new.kind in ('workload', 'measures')
        and row_security_active('sanjeh.contribution'::regclass)) execute function sanjeh.contribution_refuse_frozen();
create trigger refuse_frozen_acceptance before update of state on sanjeh.contribution for each row
    when (old.state = 'validated' and new.state = 'accepted' and new.cycle is not null and new.correction_id is null
        and row_security_active('sanjeh.contribution'::regclass)) execute function sanjeh.contribution_refuse_frozen();

-- At the end of the transaction that brings the rows.
create function sanjeh.contribution_correct() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    target record;
begin
    select t.judge_id, t.cycle, t.is_open into target from sanjeh.correction_target(new.correction_id) as t;
    if target.is_open is not true or new.cycle is distinct from target.cycle then
        raise exception 'a correction is under an order that is open, of its cycle'
            using errcode = 'check_violation', constraint = 'contribution_correction_open';
    end if;
    if exists (select from sanjeh.workload_fact as f where f.contribution_id = new.id and f.judge_id is distinct from target.judge_id)
        or exists (select from sanjeh.indicator_value as v
            where v.unit_id = new.unit_id and v.contribution_id = new.id and v.judge_id is distinct from target.judge_id) then
        raise exception 'a correction is about the judge of its order alone'
            using errcode = 'check_violation', constraint = 'contribution_correction_of_one_judge';
    end if;
    return null;
end
$$;
revoke execute on function sanjeh.contribution_correct() from public;
create constraint trigger correct after insert on sanjeh.contribution deferrable initially deferred for each row
    when (new.correction_id is not null) execute function sanjeh.contribution_correct();
