-- SPDX-License-Identifier: Apache-2.0
--
-- Why: criteria and cycles keep still once they are published and signed: guards of templates and cycles, and which moves a cycle has.
-- Locks: template, template_item, cycle, cycle_clock for the moment of a trigger each. Time on big tables: none.
-- Retreat: a later migration drops the triggers and functions named here.

-- ---- templates and cycles ----

-- What keeps a template from being published; empty: nothing. Caps: timeliness 40, conduct 25 (DOMAIN a).
create function sanjeh.template_faults(owner_unit uuid, template uuid) returns text[] language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select array_remove(array[
        case when coalesce(sum(i.weight), 0) <> 100 then 'WEIGHTS_NOT_100' end,
        case when coalesce(sum(i.weight) filter (where i.family = 'timeliness'), 0) > 40 then 'TIMELINESS_OVER_40' end,
        case when coalesce(sum(i.weight) filter (where i.family = 'conduct'), 0) > 25 then 'CONDUCT_OVER_25' end,
        case when count(*) filter (where i.source = 'indicator' and n.code is null) > 0 then 'UNKNOWN_INDICATOR' end,
        case when count(*) filter (where n.level in ('X', 'G') or i.indicator_code ~ '^D') > 0 then 'INDICATOR_HAS_NO_WEIGHT' end],
        null)
    from sanjeh.template_item as i
    left join sanjeh.indicator as n on n.code = i.indicator_code
    where i.unit_id = owner_unit and i.template_id = template
$$;
grant execute on function sanjeh.template_faults(uuid, uuid) to sanjeh_app;

create function sanjeh.template_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if old.state <> 'draft' and (new.name_fa, new.name_en, new.population, new.published_at)
        is distinct from (old.name_fa, old.name_en, old.population, old.published_at) then
        raise exception 'published templates stay as they are'
            using errcode = 'check_violation', constraint = 'template_published_stays';
    end if;
    if (old.state, new.state) not in (('draft', 'draft'), ('draft', 'published'), ('published', 'published'),
        ('published', 'withdrawn')) then
        raise exception 'no move from % to %', old.state, new.state
            using errcode = 'check_violation', constraint = 'template_move_exists';
    end if;
    if old.state = 'draft' and new.state = 'published'
        and cardinality(sanjeh.template_faults(old.unit_id, old.id)) > 0 then
        raise exception 'faults: %', sanjeh.template_faults(old.unit_id, old.id)
            using errcode = 'check_violation', constraint = 'template_faultless';
    end if;
    return new;
end
$$;
create trigger template_keep before update on sanjeh.template for each row
    when (row_security_active('sanjeh.template'::regclass)) execute function sanjeh.template_keep();

create function sanjeh.template_item_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    owner_unit constant uuid := case when tg_op = 'DELETE' then old.unit_id else new.unit_id end;
    template constant uuid := case when tg_op = 'DELETE' then old.template_id else new.template_id end;
begin
    if not exists (select from sanjeh.template as t where t.unit_id = owner_unit and t.id = template and t.state = 'draft') then
        raise exception 'criteria of a published template stay as they are'
            using errcode = 'check_violation', constraint = 'template_item_stays';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end
$$;
create trigger template_item_keep before insert or update or delete on sanjeh.template_item for each row
    when (row_security_active('sanjeh.template_item'::regclass)) execute function sanjeh.template_item_keep();

create table sanjeh.cycle_move (
    from_state text not null,
    to_state text not null,
    guards text[] not null,
    constraint cycle_move_pkey primary key (from_state, to_state)
);
grant select on sanjeh.cycle_move to sanjeh_app;
insert into sanjeh.cycle_move (from_state, to_state, guards) values
    ('draft', 'approved', '{SIGNED_BY_BOTH,TEMPLATE_PUBLISHED}'),
    ('approved', 'announced', '{TEMPLATE_PUBLISHED}'),
    ('announced', 'open', '{HAS_EVALUATIONS}'),
    ('open', 'collecting', '{}'),
    ('collecting', 'frozen', '{NOTHING_COLLECTING}'),
    ('frozen', 'rating', '{}'),
    ('rating', 'calibration', '{NOTHING_RATING}'),
    ('calibration', 'disclosure', '{}'),
    ('disclosure', 'deciding', '{NOTHING_UNDISCLOSED}'),
    ('deciding', 'appeal', '{NOTHING_UNISSUED}'),
    ('appeal', 'closed', '{EVERYTHING_ENDED}'),
    ('closed', 'archived', '{}'),
    ('draft', 'cancelled', '{}'), ('approved', 'cancelled', '{}'), ('announced', 'cancelled', '{}'),
    ('open', 'cancelled', '{}'), ('collecting', 'cancelled', '{}');

create function sanjeh.cycle_unmet(c sanjeh.cycle, to_state text) returns text[] language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select array(select g.code from sanjeh.cycle_move as m, unnest(m.guards) as g (code)
        where m.from_state = c.state and m.to_state = cycle_unmet.to_state and not case g.code
            when 'SIGNED_BY_BOTH' then c.owner_signed_by is not null and c.issuer_signed_by is not null
            when 'TEMPLATE_PUBLISHED' then exists (select from sanjeh.template as t
                where t.unit_id = c.unit_id and t.id = c.template_id and t.state = 'published')
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
grant execute on function sanjeh.cycle_unmet(sanjeh.cycle, text) to sanjeh_app;

-- The criteria as one text that anybody can build again from what is published: template, items, clocks, period.
create function sanjeh.cycle_criteria(c sanjeh.cycle) returns text language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object('format', 'sanjeh/criteria/1', 'period', format('%s/%s', c.period_from, c.period_to), 'kind', c.kind,
        'coverage_min', c.coverage_min, 'population', c.population,
        'template', (select jsonb_build_object('code', t.code, 'edition', t.edition, 'name_fa', t.name_fa, 'name_en', t.name_en,
                'population', t.population) from sanjeh.template as t where t.unit_id = c.unit_id and t.id = c.template_id),
        'items', (select jsonb_agg(to_jsonb(i) - 'unit_id' - 'template_id' order by i.no) from sanjeh.template_item as i
            where i.unit_id = c.unit_id and i.template_id = c.template_id),
        'clocks', (select jsonb_agg(jsonb_build_object('code', k.code, 'days', k.days, 'day_kind', k.day_kind)
                order by k.code collate "C") from sanjeh.cycle_clock as k where k.unit_id = c.unit_id and k.cycle_id = c.id))::text
$$;
grant execute on function sanjeh.cycle_criteria(sanjeh.cycle) to sanjeh_app;

create function sanjeh.cycle_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
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
create trigger cycle_keep before update on sanjeh.cycle for each row
    when (row_security_active('sanjeh.cycle'::regclass)) execute function sanjeh.cycle_keep();

create function sanjeh.cycle_clock_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from sanjeh.cycle as c where c.unit_id = new.unit_id and c.id = new.cycle_id and c.state = 'draft') then
        raise exception 'signed clocks stay as they are'
            using errcode = 'check_violation', constraint = 'cycle_clock_stays';
    end if;
    return new;
end
$$;
create trigger cycle_clock_keep before insert or update on sanjeh.cycle_clock for each row
    when (row_security_active('sanjeh.cycle_clock'::regclass)) execute function sanjeh.cycle_clock_keep();

-- An instant as every answer writes it.
create function sanjeh.rfc3339(t timestamptz) returns text language sql stable parallel safe set search_path = pg_catalog, pg_temp
as $$ select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') $$;
grant execute on function sanjeh.rfc3339(timestamptz) to sanjeh_app;
