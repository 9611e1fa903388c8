-- SPDX-License-Identifier: Apache-2.0
--
-- Why: accounts are made and closed over the API. A new one has no factors: whoever brings its enrolment, which was shown once, sets the
--   password and gets the second factor's secret. Taken with the first use. A closed account is never opened again by the product.
-- Locks: account for a moment; a new table. Time on big tables: none.
-- Retreat: drop the table; accounts that were closed stay closed.

create table sanjeh.enrolment (
    account_id uuid not null,
    token_hash bytea not null,
    made_by uuid not null,
    created_at timestamptz not null default now(),
    expires_at timestamptz not null,
    seal bytea not null,
    constraint enrolment_pkey primary key (account_id),
    constraint enrolment_token_unique unique (token_hash),
    constraint enrolment_account_exists foreign key (account_id) references sanjeh.account (id),
    constraint enrolment_maker_exists foreign key (made_by) references sanjeh.account (id),
    constraint enrolment_by_another check (made_by <> account_id),
    constraint enrolment_hash_length check (octet_length(token_hash) = 32),
    constraint enrolment_seal_length check (octet_length(seal) = 32),
    constraint enrolment_is_short check (expires_at > created_at and expires_at <= created_at + interval '4 days')
);
comment on table sanjeh.enrolment is 'one use: the row goes when the account has its factors';
comment on column sanjeh.enrolment.seal is 'HMAC over account, token_hash and expires_at';
select sanjeh.protect_system('sanjeh.enrolment', array['00000000-0000-8000-8000-000000000001']::uuid[]);
grant select, insert, delete on sanjeh.enrolment to sanjeh_app;

create function sanjeh.enrolment_is_first() returns trigger language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if exists (select from sanjeh.password as p where p.account_id = new.account_id) then
        raise exception 'the account has its factors' using errcode = 'check_violation', constraint = 'enrolment_is_first';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.enrolment_is_first() from public;
create trigger enrolment_is_first before insert on sanjeh.enrolment
    for each row execute function sanjeh.enrolment_is_first();

create function sanjeh.account_stays_closed() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if current_user = 'sanjeh_app' and old.status <> 'active' then
        raise exception 'a closed account stays closed' using errcode = 'check_violation', constraint = 'account_stays_closed';
    end if;
    return new;
end
$$;
revoke execute on function sanjeh.account_stays_closed() from public;
create trigger account_stays_closed before update of status on sanjeh.account
    for each row execute function sanjeh.account_stays_closed();
grant update (status) on sanjeh.account to sanjeh_app;
