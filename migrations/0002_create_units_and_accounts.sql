-- SPDX-License-Identifier: Apache-2.0
--
-- Why: tenants (units and the compartments inside them), the accounts of people, their roles, what they sign
--   in with, and the sessions that come of it.
-- Locks: new tables only; nothing existing is touched.
-- Time: below a second on any size.
-- Retreat: restore the backup taken before the upgrade; nothing refers to these tables yet.
--
-- Row security. unit is reference data that every connection may read; only a context with the scope KEYS adds
-- to it. account belongs to a unit; writing it takes the scope AUTHN or ADMIN. Everything a
-- person proves himself with is visible in the scope AUTHN alone, so that no request of a unit ever reads a
-- verifier, a secret or a session, whatever statement it is made to run.
--
-- Seals. A superuser of the database writes what he likes, row security or not. Rows that say who somebody is
-- (account with its roles, password, login_challenge, session) therefore carry an HMAC of the keeper's over
-- everything that is believed of them (docs/KEYS.md); the server takes a row whose seal is wrong for no row.

create table sanjeh.unit (
    id uuid not null,
    code text not null,
    name_fa text not null,
    name_en text not null,
    parent_id uuid,
    audit_tag uuid not null default gen_random_uuid(),
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    constraint unit_pkey primary key (id),
    constraint unit_code_unique unique (code),
    constraint unit_audit_tag_unique unique (audit_tag),
    -- target of account_compartment_in_unit
    constraint unit_id_parent_unique unique (id, parent_id),
    constraint unit_parent_exists foreign key (parent_id) references sanjeh.unit (id),
    constraint unit_code_form check (code ~ '^[A-Z0-9][A-Z0-9-]{0,15}$'),
    constraint unit_name_fa_length check (octet_length(name_fa) between 1 and 400),
    constraint unit_name_en_length check (octet_length(name_en) between 1 and 400),
    constraint unit_not_own_parent check (parent_id is distinct from id)
);
comment on table sanjeh.unit is
    'units (parent_id null) and compartments; audit_tag is the random name a unit has in the record';

alter table sanjeh.unit enable row level security;
alter table sanjeh.unit force row level security;
create policy unit_read on sanjeh.unit for select using (true);
create policy unit_add on sanjeh.unit for insert with check (
    '00000000-0000-8000-8000-000000000002'::uuid = any ((select sanjeh.scope_ids())::uuid[]));

-- The platform is the unit of everything that belongs to no unit: judges' accounts, administrators. Its key is
-- made by the first local administration. The row is written before anybody could have a context, so force is
-- lifted for this one statement.
alter table sanjeh.unit no force row level security;
insert into sanjeh.unit (id, code, name_fa, name_en)
values ('00000000-0000-8000-8000-0000000000ff', 'PLATFORM', 'سامانه', 'Platform');
alter table sanjeh.unit force row level security;

create table sanjeh.account (
    id uuid not null,
    unit_id uuid,
    compartment_id uuid,
    judge_id uuid,
    username text not null,
    display_name bytea not null,
    key_version integer not null,
    status text not null default 'active',
    seal bytea not null,
    version bigint not null default 1,
    created_at timestamptz not null default now(),
    constraint account_pkey primary key (id),
    constraint account_username_unique unique (username),
    constraint account_unit_exists foreign key (unit_id) references sanjeh.unit (id),
    constraint account_compartment_in_unit foreign key (compartment_id, unit_id)
        references sanjeh.unit (id, parent_id),
    constraint account_username_form check (username ~ '^[a-z0-9._-]{3,64}$'),
    constraint account_status_known check (status in ('active', 'disabled')),
    constraint account_judge_without_unit check (judge_id is null or unit_id is null),
    constraint account_compartment_needs_unit check (compartment_id is null or unit_id is not null),
    constraint account_display_name_sealed check (octet_length(display_name) between 77 and 1024),
    constraint account_seal_length check (octet_length(seal) = 32)
);
comment on column sanjeh.account.unit_id is 'null: a judge''s own account or one of the platform';
comment on column sanjeh.account.display_name is
    'FLE1, table 3 column 1, subject = the account, unit = its own or the platform, row = the account';
comment on column sanjeh.account.key_version is 'of the subject key that seals display_name';
comment on column sanjeh.account.seal is
    'HMAC over id, unit, compartment, judge, user name, "active" and the names of all roles';
create index account_by_unit on sanjeh.account (unit_id, id);
create unique index account_one_per_judge on sanjeh.account (judge_id) where judge_id is not null;

select sanjeh.protect('sanjeh.account', 'id',
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[], true);
-- A unit may look at its accounts; making or changing them is for sign-in and administration.
create policy account_add_by_administration on sanjeh.account as restrictive for insert with check (
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[]
        && (select sanjeh.scope_ids()));
create policy account_change_by_administration on sanjeh.account as restrictive for update using (
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[]
        && (select sanjeh.scope_ids()));
create policy account_remove_by_administration on sanjeh.account as restrictive for delete using (
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[]
        && (select sanjeh.scope_ids()));

create table sanjeh.role_assignment (
    account_id uuid not null,
    role text not null,
    granted_at timestamptz not null default now(),
    granted_by uuid,
    constraint role_assignment_pkey primary key (account_id, role),
    constraint role_assignment_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint role_assignment_role_form check (role ~ '^[a-z][a-z0-9-]{0,31}$')
);
comment on column sanjeh.role_assignment.granted_by is 'account that granted it; null: local administration';
select sanjeh.protect_system('sanjeh.role_assignment',
    array['00000000-0000-8000-8000-000000000001', '00000000-0000-8000-8000-000000000003']::uuid[]);

create table sanjeh.password (
    account_id uuid not null,
    salt bytea not null,
    memory_kib integer not null,
    passes integer not null,
    lanes integer not null,
    pepper_version integer not null,
    tag bytea not null,
    seal bytea not null,
    changed_at timestamptz not null default now(),
    constraint password_pkey primary key (account_id),
    constraint password_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint password_salt_length check (octet_length(salt) between 16 and 64),
    constraint password_tag_length check (octet_length(tag) = 32),
    constraint password_seal_length check (octet_length(seal) = 32),
    constraint password_cost_bounds check (
        memory_kib between 8192 and 1048576 and passes between 1 and 16 and lanes between 1 and 4)
);
comment on column sanjeh.password.tag is 'HMAC by the keeper''s pepper over Argon2id; useless without the keeper';
comment on column sanjeh.password.seal is 'HMAC over account, salt, costs, pepper version and tag';
select sanjeh.protect_system('sanjeh.password', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.totp (
    account_id uuid not null,
    secret bytea not null,
    key_version integer not null,
    last_step bigint not null default 0,
    confirmed_at timestamptz,
    created_at timestamptz not null default now(),
    constraint totp_pkey primary key (account_id),
    constraint totp_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint totp_secret_sealed check (octet_length(secret) between 77 and 512)
);
comment on column sanjeh.totp.secret is
    'FLE1, table 4 column 1, subject = the account, unit = its own or the platform, row = the account';
comment on column sanjeh.totp.last_step is 'RFC 6238 step of the last accepted code; only ever grows';
select sanjeh.protect_system('sanjeh.totp', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.login_challenge (
    token_hash bytea not null,
    account_id uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    failures integer not null default 0,
    seal bytea not null,
    constraint login_challenge_pkey primary key (token_hash),
    constraint login_challenge_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint login_challenge_hash_length check (octet_length(token_hash) = 32),
    constraint login_challenge_seal_length check (octet_length(seal) = 32),
    constraint login_challenge_expires_after_creation check (expires_at > created_at)
);
comment on column sanjeh.login_challenge.seal is 'HMAC over token_hash and account';
create index login_challenge_by_expiry on sanjeh.login_challenge (expires_at);
select sanjeh.protect_system('sanjeh.login_challenge', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.session (
    id uuid not null,
    token_hash bytea not null,
    account_id uuid not null,
    factors text not null,
    seal bytea not null,
    created_at timestamptz not null,
    last_seen_at timestamptz not null default now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    constraint session_pkey primary key (id),
    constraint session_token_unique unique (token_hash),
    constraint session_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint session_hash_length check (octet_length(token_hash) = 32),
    constraint session_seal_length check (octet_length(seal) = 32),
    constraint session_two_factors check (factors in ('password,totp')),
    constraint session_expires_after_creation check (expires_at > created_at)
);
comment on constraint session_two_factors on sanjeh.session is
    'no account acts with one factor: a session row that says less cannot exist';
comment on column sanjeh.session.seal is 'HMAC over id, token_hash, account, created_at and expires_at';
comment on column sanjeh.session.revoked_at is
    'not sealed: setting it back to null lets a session live at most until the sealed expires_at';
create index session_by_account on sanjeh.session (account_id, created_at desc);
create index session_by_expiry on sanjeh.session (expires_at);
select sanjeh.protect_system('sanjeh.session', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.login_throttle (
    lane bytea not null,
    failures integer not null,
    since timestamptz not null default now(),
    closed_until timestamptz,
    constraint login_throttle_pkey primary key (lane),
    constraint login_throttle_lane_length check (octet_length(lane) = 32)
);
comment on table sanjeh.login_throttle is
    'lane = hash of (kind, account or source, device); counts since "since", shut until "closed_until"';
create index login_throttle_by_since on sanjeh.login_throttle (since);
select sanjeh.protect_system('sanjeh.login_throttle', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.device (
    account_id uuid not null,
    token_hash bytea not null,
    created_at timestamptz not null default now(),
    constraint device_pkey primary key (account_id, token_hash),
    constraint device_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint device_hash_length check (octet_length(token_hash) = 32)
);
comment on table sanjeh.device is 'browsers that once completed a sign-in: strangers cannot shut their lane';
select sanjeh.protect_system('sanjeh.device', array['00000000-0000-8000-8000-000000000001']::uuid[]);

create table sanjeh.idempotency (
    account_id uuid not null,
    key text not null,
    method_route text not null,
    request_hash bytea not null,
    status smallint,
    body bytea,
    location text,
    etag text,
    created_at timestamptz not null default now(),
    constraint idempotency_pkey primary key (account_id, key),
    constraint idempotency_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint idempotency_key_form check (key ~ '^[!-~]{1,128}$'),
    constraint idempotency_hash_length check (octet_length(request_hash) = 32),
    constraint idempotency_status_range check (status between 100 and 599)
);
comment on column sanjeh.idempotency.body is 'FLE1, table 5 column 1, subject = the account';
comment on column sanjeh.idempotency.status is 'null: the request is being worked on';
create index idempotency_by_age on sanjeh.idempotency (created_at);
-- The answer to a request belongs to the account that made it: its own context (which names the account) sees it,
-- so that it is stored in the deed's own transaction; sign-in's scope sweeps what is older than 24 h.
alter table sanjeh.idempotency enable row level security;
alter table sanjeh.idempotency force row level security;
create policy idempotency_own on sanjeh.idempotency using (
    array[account_id, '00000000-0000-8000-8000-000000000001'::uuid] && (select sanjeh.scope_ids()));

-- Who must forget what: "s:<session>" or "a:<account>", to every server that listens on session_revoked.
-- Only when something that a server may have cached loses its right, so that ordinary work never notifies.
create function sanjeh.session_revoked_notify() returns trigger
language plpgsql
set search_path = sanjeh, pg_catalog
as $$
begin
    perform pg_notify('session_revoked', 's:' || old.id::text);
    return null;
end
$$;
create function sanjeh.account_changed_notify() returns trigger
language plpgsql
set search_path = sanjeh, pg_catalog
as $$
begin
    perform pg_notify('session_revoked', 'a:' || new.id::text);
    return null;
end
$$;
create function sanjeh.role_assignment_changed_notify() returns trigger
language plpgsql
set search_path = sanjeh, pg_catalog
as $$
begin
    if tg_op <> 'INSERT' then
        perform pg_notify('session_revoked', 'a:' || old.account_id::text);
    end if;
    if tg_op <> 'DELETE' then
        perform pg_notify('session_revoked', 'a:' || new.account_id::text);
    end if;
    return null;
end
$$;
revoke execute on function sanjeh.session_revoked_notify() from public;
revoke execute on function sanjeh.account_changed_notify() from public;
revoke execute on function sanjeh.role_assignment_changed_notify() from public;

create trigger session_revoked after update of revoked_at on sanjeh.session
    for each row when (old.revoked_at is null and new.revoked_at is not null)
    execute function sanjeh.session_revoked_notify();
create trigger session_deleted after delete on sanjeh.session
    for each row when (old.revoked_at is null and old.expires_at > now())
    execute function sanjeh.session_revoked_notify();
create trigger account_changed after update of status, unit_id, compartment_id, judge_id, username on sanjeh.account
    for each row when ((old.status, old.unit_id, old.compartment_id, old.judge_id, old.username)
        is distinct from (new.status, new.unit_id, new.compartment_id, new.judge_id, new.username))
    execute function sanjeh.account_changed_notify();
create trigger role_assignment_changed after insert or update or delete on sanjeh.role_assignment
    for each row execute function sanjeh.role_assignment_changed_notify();

grant select, insert on sanjeh.unit to sanjeh_app;
grant select, insert on sanjeh.account to sanjeh_app;
grant select, insert on sanjeh.role_assignment to sanjeh_app;
grant select, insert on sanjeh.password to sanjeh_app;
grant select, insert, update (last_step) on sanjeh.totp to sanjeh_app;
grant select, insert, delete, update (failures) on sanjeh.login_challenge to sanjeh_app;
grant select, insert, delete, update (last_seen_at, revoked_at) on sanjeh.session to sanjeh_app;
grant select, insert, delete, update (failures, since, closed_until) on sanjeh.login_throttle to sanjeh_app;
grant select, insert, delete on sanjeh.device to sanjeh_app;
grant select, insert, delete, update (status, body, location, etag) on sanjeh.idempotency to sanjeh_app;
