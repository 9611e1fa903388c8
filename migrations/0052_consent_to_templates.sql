-- SPDX-License-Identifier: Apache-2.0
--
-- Why: definitions are decided jointly (DOMAIN d): the process owner writes and publishes a template, the statutory issuer signs the cycle
--   that takes it, and the Supreme Court had no say. Now a draft is published only when the Supreme Court has consented to it as
--   it stands; a change of the draft takes the consent away.
-- Locks: template for the moment of the new columns. Time: immediate. Templates that are published stay published.
-- Retreat: a later migration puts template_faults and template_keep of 0016 back and drops the columns and the policy named here.

alter table sanjeh.template
    add column consented_by uuid,
    add column consented_at timestamptz,
    add constraint template_consent_whole check ((consented_by is null) = (consented_at is null));
comment on column sanjeh.template.consented_by is 'an account of the Supreme Court';
grant update (consented_by, consented_at) on sanjeh.template to sanjeh_app;

create function sanjeh.is_supreme_court() returns boolean language sql stable set search_path = pg_catalog, pg_temp
as $$
    select exists (select from sanjeh.unit as u where u.code = 'SC' and u.id = any ((select sanjeh.scope_ids())::uuid[]))
$$;
grant execute on function sanjeh.is_supreme_court() to sanjeh_app;

-- Drafts are seen by who consents; which columns he may change is for template_keep.
alter policy unit_select on sanjeh.template using (
    array[unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (state = 'published' and cardinality((select sanjeh.scope_ids())::uuid[]) > 0)
    or exists (select from sanjeh.unit as u where u.code = 'SC' and u.id = any ((select sanjeh.scope_ids())::uuid[])));
alter policy unit_update on sanjeh.template using (
    array[unit_id] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.unit as u where u.code = 'SC' and u.id = any ((select sanjeh.scope_ids())::uuid[]))) with check (
    array[unit_id] && (select sanjeh.scope_ids())
    or exists (select from sanjeh.unit as u where u.code = 'SC' and u.id = any ((select sanjeh.scope_ids())::uuid[])));
-- Nobody is born with a consent.
create policy consent_later on sanjeh.template as restrictive for insert with check (consented_by is null);

do $do$
declare
    faults constant text := pg_get_functiondef('sanjeh.template_faults(uuid, uuid)'::regprocedure);
    last_fault constant text := $$then 'INDICATOR_HAS_NO_WEIGHT' end],$$;
    keep constant text := pg_get_functiondef('sanjeh.template_keep()'::regprocedure);
    first_check constant text := $$    if old.state <> 'draft' and (new.name_fa$$;
    item_keep constant text := pg_get_functiondef('sanjeh.template_item_keep()'::regprocedure);
    still_draft constant text := $$t.state = 'draft') then$$;
begin
    if position(last_fault in faults) = 0 or position(first_check in keep) = 0 or position(still_draft in item_keep) = 0 then
        raise exception 'template_faults, template_keep or template_item_keep is not what 0016 made it';
    end if;
    execute replace(faults, last_fault, $$then 'INDICATOR_HAS_NO_WEIGHT' end,
        (select 'CONSENT_MISSING' from sanjeh.template as t
         where t.unit_id = owner_unit and t.id = template and t.consented_by is null)],$$);
    execute replace(item_keep, still_draft, $$t.state = 'draft' and t.consented_by is null) then$$);
    execute replace(keep, first_check, $$    if (new.consented_by, new.consented_at) is distinct from (old.consented_by, old.consented_at)
        and (old.state <> 'draft' or new.consented_by is not null and not sanjeh.is_supreme_court()) then
        raise exception 'the Supreme Court consents to a draft, nobody else'
            using errcode = 'check_violation', constraint = 'template_consenter';
    end if;
    if new.consented_by is distinct from old.consented_by and new.consented_by is not null
        and not new.consented_by = any (sanjeh.scope_ids()) then
        raise exception 'everybody consents for himself' using errcode = 'check_violation', constraint = 'template_consents_himself';
    end if;
    if new.state = 'published' and old.state = 'draft' and exists (select from unnest(sanjeh.scope_ids()) as s(scope)
        where sanjeh.person_of(s.scope) = sanjeh.person_of(new.consented_by)) then
        raise exception 'who has consented does not publish, under any account'
            using errcode = 'check_violation', constraint = 'template_two_persons';
    end if;
    if not old.unit_id = any (sanjeh.scope_ids()) and (new.state, new.name_fa, new.name_en, new.population, new.published_at)
        is distinct from (old.state, old.name_fa, old.name_en, old.population, old.published_at) then
        raise exception 'who consents changes nothing else'
            using errcode = 'check_violation', constraint = 'template_owner';
    end if;
    if new.consented_by is not null and (new.name_fa, new.name_en, new.population)
        is distinct from (old.name_fa, old.name_en, old.population) then
        raise exception 'a draft that was consented to stays as it is'
            using errcode = 'check_violation', constraint = 'template_consented_stays';
    end if;
$$ || first_check);
end
$do$;
