-- SPDX-License-Identifier: Apache-2.0
--
-- Why: wrapped keys of units and of their subjects (I4), and blind indexes to find a row by an encrypted number.
--   Nothing here opens anything without the keeper; still each unit sees only its own.
-- Locks: SHARE ROW EXCLUSIVE on unit for its foreign keys, for the moment of creation.
-- Time on big tables: none, the tables are new.
-- Retreat: drop table sanjeh.blind_index, sanjeh.subject_key, sanjeh.unit_key; encrypted fields are lost with them.
--
-- Scopes (include/sanjeh/keys/scopes.h): …0002 KEYS sees and writes all keys, …0004 MATCH reads all blind indexes.

create table sanjeh.unit_key (
  unit_id uuid not null,
  epoch integer not null,
  wrapped bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint unit_key_pkey primary key (unit_id, epoch),
  constraint unit_key_unit_exists foreign key (unit_id) references sanjeh.unit (id),
  constraint unit_key_epoch_positive check (epoch > 0),
  constraint unit_key_wrapped_size check (octet_length(wrapped) between 1 and 1024)
);
select sanjeh.protect('sanjeh.unit_key', system_scopes => array['00000000-0000-8000-8000-000000000002'::uuid]);
-- update: wrapping again under a new root key.
grant select, insert, update (wrapped) on sanjeh.unit_key to sanjeh_app;

-- subject_id: a judge or an account. The subject's own context reads it too: a judge opens the own values.
create table sanjeh.subject_key (
  unit_id uuid not null,
  subject_id uuid not null,
  version integer not null,
  wrapped bytea not null,
  created_at timestamptz not null default clock_timestamp(),
  constraint subject_key_pkey primary key (unit_id, subject_id, version),
  constraint subject_key_unit_exists foreign key (unit_id) references sanjeh.unit (id),
  constraint subject_key_version_positive check (version > 0),
  constraint subject_key_wrapped_size check (octet_length(wrapped) between 1 and 1024)
);
select sanjeh.protect('sanjeh.subject_key', 'subject_id',
                      system_scopes => array['00000000-0000-8000-8000-000000000002'::uuid]);
-- update: wrapping again under a new unit epoch; delete: erasure of a subject.
grant select, insert, update (wrapped), delete on sanjeh.subject_key to sanjeh_app;

-- bi: leftmost bits of an HMAC over the normal form of the value; short ones are shared by design.
-- compartment_id: of the row that it finds. Unique within a compartment only: a refusal must not answer what another
-- compartment of the unit has. CASE as in 0005: row security takes coalesce() for leaky.
create table sanjeh.blind_index (
  unit_id uuid not null,
  table_no integer not null,
  index_no integer not null,
  version integer not null,
  bi bytea not null,
  row_id uuid not null,
  is_unique boolean not null,
  compartment_id uuid,
  constraint blind_index_pkey primary key (unit_id, table_no, index_no, version, bi, row_id),
  constraint blind_index_bi_size check (octet_length(bi) between 1 and 16),
  constraint blind_index_numbers_positive check (table_no > 0 and index_no > 0 and version > 0)
);
create unique index blind_index_value_once on sanjeh.blind_index (
    unit_id, table_no, index_no, version, bi,
    (case when compartment_id is null then '00000000-0000-0000-0000-000000000000'::uuid else compartment_id end))
  where is_unique;
create index blind_index_by_row on sanjeh.blind_index (unit_id, table_no, row_id);
select sanjeh.protect('sanjeh.blind_index', has_compartment => true,
                      read_scopes => array['00000000-0000-8000-8000-000000000004'::uuid]);
grant select, insert, delete on sanjeh.blind_index to sanjeh_app;
