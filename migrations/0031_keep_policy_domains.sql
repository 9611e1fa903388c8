-- SPDX-License-Identifier: Apache-2.0
--
-- Why: other systems of the judiciary let this decision point decide about their own subjects and resources (AuthZEN). A domain's
--   document is one row; administrators write it (scope ADMIN), the server reads it for whoever may ask (scope DECISION). The seal is
--   the keeper's: what was written past the server is not believed.
-- Locks: none that anybody waits for, everything is new.
-- Time on big tables: none.
-- Retreat: drop table sanjeh.policy_domain; drop function sanjeh.policy_domain_notify().
create table sanjeh.policy_domain (
  unit_id uuid not null,
  name text not null,
  version int8 not null,
  document bytea not null,
  seal bytea not null,
  updated_by uuid not null,
  updated_at timestamptz not null,
  constraint policy_domain_pkey primary key (unit_id, name),
  constraint policy_domain_unit_fkey foreign key (unit_id) references sanjeh.unit (id),
  constraint policy_domain_name_form check (name ~ '^[a-z][a-z0-9-]{0,63}$'),
  constraint policy_domain_version_positive check (version > 0),
  constraint policy_domain_document_size check (octet_length(document) between 2 and 8388608),
  constraint policy_domain_seal_size check (octet_length(seal) = 32)
);
comment on table sanjeh.policy_domain is 'policies of other systems that ask this decision point, with their entities';
select sanjeh.protect('sanjeh.policy_domain', null, array['00000000-0000-8000-8000-000000000003'::uuid], false,
  array['00000000-0000-8000-8000-000000000009'::uuid]);
grant select, insert, delete on sanjeh.policy_domain to sanjeh_app;
grant update (version, document, seal, updated_by, updated_at) on sanjeh.policy_domain to sanjeh_app;

-- Every server forgets what it read of the domain.
create function sanjeh.policy_domain_notify() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
  perform pg_notify('policy_domain', coalesce(new.name, old.name));
  return null;
end
$$;
revoke execute on function sanjeh.policy_domain_notify() from public;
create trigger policy_domain_changed after insert or update or delete on sanjeh.policy_domain
  for each row execute function sanjeh.policy_domain_notify();
