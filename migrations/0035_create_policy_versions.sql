-- SPDX-License-Identifier: Apache-2.0
--
-- Why: which policy was in force when, who wrote it, who signed it, and what its tests and its difference to the one before said.
--   Documents and their digests never change; a version is a draft until enough persons signed it (approval of
--   "policy:activate"), then in force until the next one supersedes it. There is always one root in force, never two.
-- Locks: new tables only. Time: below a second. Retreat: drop the two tables; a server then starts with the policy on its disk.
--
-- Row security: scope APPROVAL (…0008) alone. The server believes a row under the keeper's seal, and the votes of its approval under
-- theirs: what a superuser writes here comes into force nowhere.

create table sanjeh.policy_head (
    only_row boolean not null default true,
    activation bigint not null default 0,
    constraint policy_head_pkey primary key (only_row),
    constraint policy_head_one_row check (only_row)
);
comment on table sanjeh.policy_head is 'locked by whoever puts a version into force: activations are numbered in the order of their commits';
insert into sanjeh.policy_head default values;

create table sanjeh.policy_version (
    id uuid not null,
    policy text not null,
    number bigint not null,
    owner_unit text not null,
    origin text not null,
    document text not null,
    tests text not null,
    digest text not null,
    previous text not null,
    report_digest text not null,
    diff_digest text not null,
    report text not null,
    diff text not null,
    passed boolean not null,
    widens boolean not null,
    need smallint not null,
    author uuid,
    approval_id uuid,
    created_at timestamptz not null,
    state text not null,
    activation bigint,
    activated_at timestamptz,
    ended_at timestamptz,
    seal bytea not null,
    version bigint not null default 1,
    constraint policy_version_pkey primary key (id),
    constraint policy_version_author_exists foreign key (author) references sanjeh.account (id),
    constraint policy_version_approval_exists foreign key (approval_id) references sanjeh.approval (id),
    constraint policy_version_number_range check (number between 1 and 4294967295),
    constraint policy_version_name_length check (octet_length(policy) between 1 and 64),
    constraint policy_version_origin_known check (origin in ('installed', 'drafted')),
    constraint policy_version_state_known check (state in ('draft', 'active', 'superseded', 'refused')),
    constraint policy_version_document_length check (octet_length(document) between 2 and 4194304 and octet_length(tests) <= 4194304),
    constraint policy_version_digest_form check (digest ~ '^sha256:[0-9a-f]{64}$' and (previous = '' or previous ~ '^sha256:[0-9a-f]{64}$')),
    constraint policy_version_seal_length check (octet_length(seal) = 32),
    constraint policy_version_signed check ((origin = 'drafted') = (author is not null) and (author is null) = (approval_id is null)),
    constraint policy_version_need check (origin = 'installed' or need >= case when widens then 3 else 2 end),
    constraint policy_version_in_force check ((activation is null) = (activated_at is null)
        and (state in ('draft', 'refused')) = (activation is null) and (state = 'superseded') = (ended_at is not null))
);
comment on column sanjeh.policy_version.seal is 'HMAC over everything but state, ended_at and version; written anew when it comes into force';
create unique index policy_version_one_root on sanjeh.policy_version ((true)) where state = 'active' and owner_unit = '';
create unique index policy_version_one_in_force on sanjeh.policy_version (policy) where state = 'active';
create unique index policy_version_activation on sanjeh.policy_version (activation);
create index policy_version_by_policy on sanjeh.policy_version (policy, number);

alter table sanjeh.policy_head enable row level security;
alter table sanjeh.policy_head force row level security;
create policy owner_all on sanjeh.policy_head to sanjeh_owner using (true) with check (true);
create policy approval_all on sanjeh.policy_head to sanjeh_app
    using ('00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]))
    with check ('00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
alter table sanjeh.policy_version enable row level security;
alter table sanjeh.policy_version force row level security;
create policy owner_all on sanjeh.policy_version to sanjeh_owner using (true) with check (true);
create policy approval_all on sanjeh.policy_version to sanjeh_app
    using ('00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]))
    with check ('00000000-0000-8000-8000-000000000008'::uuid = any ((select sanjeh.scope_ids())::uuid[]));
grant select, update (activation) on sanjeh.policy_head to sanjeh_app;
grant select, insert, delete, update (state, activation, activated_at, ended_at, seal, version) on sanjeh.policy_version to sanjeh_app;

create function sanjeh.policy_version_begin() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if new.version <> 1 or not (
        (new.origin = 'drafted' and new.state = 'draft')
        or (new.origin = 'installed' and new.state = 'active' and new.owner_unit = '' and not exists (
            select from sanjeh.policy_version as p where p.origin = 'drafted' and p.activation is not null and p.owner_unit = ''))) then
        raise exception 'a version begins as a draft' using errcode = 'check_violation', constraint = 'policy_version_begins';
    end if;
    if new.state = 'active' and exists (select from sanjeh.policy_version as p where p.policy = new.policy
            and p.activation is not null and p.number >= new.number) then
        raise exception 'versions grow' using errcode = 'check_violation', constraint = 'policy_version_grows';
    end if;
    return new;
end
$$;
create trigger policy_version_begins before insert on sanjeh.policy_version
    for each row execute function sanjeh.policy_version_begin();

create function sanjeh.policy_version_step() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    moving constant text[] := array['state', 'activation', 'activated_at', 'ended_at', 'seal', 'version'];
begin
    if (to_jsonb(old) - moving) <> (to_jsonb(new) - moving) or new.version <> old.version + 1 then
        raise exception 'what was drafted does not change' using errcode = 'check_violation', constraint = 'policy_version_is_fixed';
    end if;
    if not (
        (old.state = 'draft' and new.state = 'refused')
        or (old.state = 'active' and new.state = 'superseded' and new.activation = old.activation and new.seal = old.seal)
        or (old.state = 'draft' and new.state = 'active')) then
        raise exception 'there is no such step' using errcode = 'check_violation', constraint = 'policy_version_no_such_step';
    end if;
    if new.state = 'active' then
        if (select count(*) from sanjeh.approval as a join sanjeh.approval_vote as v on v.approval_id = a.id and v.approves
            where a.id = new.approval_id and a.action = 'policy:activate' and a.object_id = new.id and a.state = 'used'
                and v.person_id <> sanjeh.person_of(new.author)) < new.need then
            raise exception 'not enough persons signed' using errcode = 'check_violation', constraint = 'policy_version_is_signed';
        end if;
        if exists (select from sanjeh.policy_version as p where p.policy = new.policy and p.activation is not null
            and p.number >= new.number) then
            raise exception 'versions grow' using errcode = 'check_violation', constraint = 'policy_version_grows';
        end if;
    end if;
    return new;
end
$$;
create trigger policy_version_steps before update on sanjeh.policy_version
    for each row execute function sanjeh.policy_version_step();

create function sanjeh.policy_version_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if old.state <> 'draft' then
        raise exception 'what was in force stays' using errcode = 'insufficient_privilege', constraint = 'policy_version_stays';
    end if;
    return old;
end
$$;
create trigger policy_version_stays before delete on sanjeh.policy_version
    for each row execute function sanjeh.policy_version_keep();

-- Every server looks at what is in force when something came into it.
create function sanjeh.policy_changed_notify() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    perform pg_notify('policy_changed', new.activation::text);
    return null;
end
$$;
create trigger policy_changed after update of activation on sanjeh.policy_head
    for each row execute function sanjeh.policy_changed_notify();
revoke execute on function sanjeh.policy_version_begin() from public;
revoke execute on function sanjeh.policy_version_step() from public;
revoke execute on function sanjeh.policy_version_keep() from public;
revoke execute on function sanjeh.policy_changed_notify() from public;
