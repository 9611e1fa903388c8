-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the access matrix lets offices read beyond their unit: the register and the workload of all units, of prosecutors, of the Supreme
--   Court's judges, of the judges of one's own files, the surveys about courts, the band of a card. Each such reading has a scope of its
--   own, which the keeper signs into the context of one request when the policy has said yes (server/widen.c); row security knows
--   population and class of each. Nothing is written by them.
-- Scopes: …00PC with P the population (1 all, 2 prosecutors, 3 Supreme Court, 4 courts, 5 judges of whose court one is the head) and
--   C the class (0 register, 1 workload, 2 samples, 3 cards, 4 surveys).
-- Locks: the tables named here for the moment of a policy. Time on big tables: none.
-- Retreat: a later migration alters the policies back; the functions stay unused.

-- Judges who sit where the population says, today. Definer: the caller reads no posting by it, ids alone.
create function sanjeh.population_judges(class int4) returns uuid[] language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
declare
    ids constant uuid[] := sanjeh.scope_ids();
    prosecutors constant boolean := array_position(ids, ('00000000-0000-8000-8000-0000000000' || to_hex(32 + class))::uuid) is not null;
    supreme constant boolean := array_position(ids, ('00000000-0000-8000-8000-0000000000' || to_hex(48 + class))::uuid) is not null;
    today constant date := (sanjeh.clock_now() at time zone 'Asia/Tehran')::date;
begin
    if not (prosecutors or supreme) then
        return '{}';
    end if;
    return array(select distinct p.judge_id from sanjeh.posting as p join sanjeh.court as c on c.id = p.court_id
        where (c.kind = 'prosecution' and prosecutors or c.kind = 'supreme' and supreme)
            and p.posted_from <= today and (p.posted_to is null or p.posted_to >= today));
end
$$;
comment on function sanjeh.population_judges(int4) is 'judges of the populations for which the context has a scope of this class';
-- Files of those populations, of whichever of the classes that have files.
create function sanjeh.population_files() returns uuid[] language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not sanjeh.scope_ids() && array['00000000-0000-8000-8000-000000000022'::uuid,
            '00000000-0000-8000-8000-000000000023'::uuid, '00000000-0000-8000-8000-000000000024'::uuid,
            '00000000-0000-8000-8000-000000000033'::uuid] then
        return '{}';
    end if;
    return array(select e.id from sanjeh.evaluation as e where e.state <> 'planned' and e.judge_id = any
        (sanjeh.population_judges(2) || sanjeh.population_judges(3) || sanjeh.population_judges(4)));
end
$$;
comment on function sanjeh.population_files() is 'files of judges of the populations for which the context has a scope';
-- Not definer, like sits_in. A reviewer reads decisions without their judge, an observer a sitting: neither opens the register.
create function sanjeh.file_judges() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return array(select s.judge_id from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
            where s.ended_at is null and s.account_id = any ((select sanjeh.scope_ids())::uuid[])
                and s.capacity not in ('reviewer', 'observer') and e.state <> 'archived'
        union select e.judge_id from sanjeh.sample_order as o join sanjeh.evaluation as e on e.id = o.evaluation_id
            where o.office_account_id = any ((select sanjeh.scope_ids())::uuid[]) and e.state <> 'archived');
end
$$;
comment on function sanjeh.file_judges() is 'judges of files in which an account of the context has a part that knows whom it is about';
create function sanjeh.readable_judges(class int4) returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return sanjeh.file_judges() || sanjeh.population_judges(class);
end
$$;
comment on function sanjeh.readable_judges(int4) is 'whose rows of the class the context reads beyond its unit';
create function sanjeh.heads_of() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return array(select s.evaluation_id from sanjeh.seat as s where s.ended_at is null and s.capacity = 'court_head'
        and s.account_id = any ((select sanjeh.scope_ids())::uuid[]));
end
$$;
comment on function sanjeh.heads_of() is 'files of judges of whose court an account of the context is the head';

-- How far the reading of a sample is, for the process owner, who reads none of it.
create function sanjeh.sample_progress(evaluation uuid) returns table (samples int8, reviewed int8)
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
begin
    return query select count(*), count(*) filter (where d.reviewed = 2) from sanjeh.decision_sample as d
        join sanjeh.evaluation as e on e.id = d.evaluation_id
        where d.evaluation_id = evaluation and array[e.unit_id] && sanjeh.scope_ids();
end
$$;
comment on function sanjeh.sample_progress(uuid) is 'counts alone, to the owner of the process';
revoke execute on function sanjeh.population_judges(int4), sanjeh.population_files(), sanjeh.file_judges(), sanjeh.readable_judges(int4),
    sanjeh.heads_of(), sanjeh.sample_progress(uuid) from public;
grant execute on function sanjeh.population_judges(int4), sanjeh.population_files(), sanjeh.file_judges(), sanjeh.readable_judges(int4),
    sanjeh.heads_of(), sanjeh.sample_progress(uuid) to sanjeh_app;
create or replace function sanjeh.draws_for() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return (select coalesce(array_agg(o.evaluation_id), '{}') from sanjeh.sample_order as o
        where o.office_account_id = any ((select sanjeh.scope_ids())::uuid[])) || sanjeh.population_files();
end
$$;
comment on function sanjeh.draws_for() is
    'files for which an account of the context draws the sample of decisions, or that its office reads';

-- What the two definer functions read, before anything that would ask them.
select sanjeh.open_to_definer('sanjeh.posting');
select sanjeh.open_to_definer('sanjeh.decision_sample');

-- The register and the workload. The inner select keeps the planner from asking the function for an estimate, which would ask these
-- policies again.
select sanjeh.widen_policy('sanjeh.judge', 'unit_select',
    'array[''00000000-0000-8000-8000-000000000010''::uuid] && (select sanjeh.scope_ids())
    or id in (select unnest((select sanjeh.readable_judges(0))))');
select sanjeh.widen_policy('sanjeh.posting', 'unit_select',
    'array[''00000000-0000-8000-8000-000000000010''::uuid] && (select sanjeh.scope_ids())
    or judge_id in (select unnest((select sanjeh.readable_judges(0))))');
select sanjeh.widen_policy('sanjeh.workload_fact', 'unit_select',
    'array[''00000000-0000-8000-8000-000000000011''::uuid] && (select sanjeh.scope_ids())
    or judge_id in (select unnest((select sanjeh.readable_judges(1))))');
-- Its key goes with a judge's entry: whoever is shown that row opens what the policy lets him read of it.
create function sanjeh.sees_judge_key(key_unit uuid, key_subject uuid) returns boolean language plpgsql stable
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.judge as j where j.unit_id = key_unit and j.id = key_subject);
end
$$;
comment on function sanjeh.sees_judge_key(uuid, uuid) is 'whether row security shows the caller the judge whose key this is';
revoke execute on function sanjeh.sees_judge_key(uuid, uuid) from public;
grant execute on function sanjeh.sees_judge_key(uuid, uuid) to sanjeh_app;
select sanjeh.widen_policy('sanjeh.subject_key', 'unit_select',
    'cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and sanjeh.sees_judge_key(unit_id, subject_id)');

-- Files of a population: decisions and what was written of them, cards; surveys follow the evaluation.
select sanjeh.widen_policy('sanjeh.decision_sample', 'file_read',
    'array[''00000000-0000-8000-8000-000000000022''::uuid] && (select sanjeh.scope_ids())
    and evaluation_id = any ((select sanjeh.population_files())::uuid[])');
select sanjeh.widen_policy('sanjeh.opinion_review', 'file_read',
    'array[''00000000-0000-8000-8000-000000000022''::uuid] && (select sanjeh.scope_ids())
    and evaluation_id = any ((select sanjeh.population_files())::uuid[])');
select sanjeh.widen_policy('sanjeh.report_card', 'file_read',
    'array[''00000000-0000-8000-8000-000000000023''::uuid, ''00000000-0000-8000-8000-000000000033''::uuid] && (select sanjeh.scope_ids())
    and evaluation_id = any ((select sanjeh.population_files())::uuid[])
    or array[''00000000-0000-8000-8000-000000000053''::uuid] && (select sanjeh.scope_ids())
    and evaluation_id = any ((select sanjeh.heads_of())::uuid[])');
-- Surveys about courts; of his judges a head sees none.
select sanjeh.widen_policy('sanjeh.survey_release', 'unit_select',
    'array[''00000000-0000-8000-8000-000000000044''::uuid] && (select sanjeh.scope_ids()) and judge_id is null');
create policy not_of_his_judges on sanjeh.survey_release as restrictive for select using (judge_id is null
    or not exists (select from sanjeh.evaluation as e where e.id = any ((select sanjeh.heads_of())::uuid[])
        and e.judge_id = survey_release.judge_id and e.cycle_id = survey_release.cycle_id));
select sanjeh.widen_policy('sanjeh.improvement_plan', 'file_read', 'evaluation_id = any ((select sanjeh.heads_of())::uuid[])');
select sanjeh.widen_policy('sanjeh.plan_action', 'file_read', 'evaluation_id = any ((select sanjeh.heads_of())::uuid[])');

-- Integrity is not for the board that marks, not even after the lock: for the appeal board it is.
create policy integrity_for_appeal on sanjeh.gate_answer as restrictive for select using (gate <> 'D03'
    or array[scope_id, owner_unit_id, issuer_scope_id, judge_id,
        '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.seat as s where s.evaluation_id = gate_answer.evaluation_id and s.ended_at is null
        and s.capacity in ('appeal_chair', 'appeal_member') and array[s.account_id] && (select sanjeh.scope_ids())));
