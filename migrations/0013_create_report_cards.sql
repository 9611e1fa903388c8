-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the report card (کارنامه): what was issued, to whom, signed, and in which order. One chain an issuer: every card names
--   the SHA-256 of the one before it, and the table refuses a gap and a fork by itself (foreign key to the former card, unique
--   number, unique former card). The content is sealed (FLE1, subject = the evaluation) in parts of at most 48 KiB.
--   A card is a confidential file row that the process owner reads too: a card exists from its issue only.
-- Locks: none, everything is new. Time on big tables: none. Retreat: drop the three tables.

-- The end of an issuer's chain: locked by whoever issues, so that two who issue at once stand in line.
create table sanjeh.report_card_chain (
    unit_id uuid not null references sanjeh.unit (id),
    issuer_scope_id uuid not null references sanjeh.unit (id),
    last_no int8 not null default 0 constraint report_card_chain_no_positive check (last_no >= 0),
    last_sha256 bytea not null default decode(repeat('00', 32), 'hex')
        constraint report_card_chain_hash_size check (octet_length(last_sha256) = 32),
    constraint report_card_chain_pkey primary key (unit_id, issuer_scope_id)
);
alter table sanjeh.report_card_chain enable row level security;
alter table sanjeh.report_card_chain force row level security;
create policy chain_read on sanjeh.report_card_chain for select using (
    array[issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
create policy chain_add on sanjeh.report_card_chain for insert with check (
    array[issuer_scope_id] && (select sanjeh.scope_ids()));
create policy chain_change on sanjeh.report_card_chain for update using (
    array[issuer_scope_id] && (select sanjeh.scope_ids()));
grant select, insert, update (last_no, last_sha256) on sanjeh.report_card_chain to sanjeh_app;

create table sanjeh.report_card (
    unit_id uuid not null,
    id uuid not null,
    issuer_scope_id uuid not null,
    owner_unit_id uuid not null references sanjeh.unit (id),
    evaluation_id uuid not null,
    judge_id uuid not null,
    round int4 not null constraint report_card_round_positive check (round > 0),
    no int8 not null constraint report_card_no_positive check (no > 0),
    former_no int8 generated always as (nullif(no - 1, 0)) stored,
    prev_sha256 bytea not null constraint report_card_prev_size check (octet_length(prev_sha256) = 32),
    sha256 bytea not null constraint report_card_hash_size check (octet_length(sha256) = 32),
    signature text not null constraint report_card_signature_length check (octet_length(signature) between 100 and 2000),
    part_count int4 not null constraint report_card_part_count_range check (part_count between 1 and 32),
    bytes int4 not null constraint report_card_bytes_range check (bytes between 2 and 1572864),
    key_version int4 not null,
    test boolean not null,
    supersedes uuid,
    superseded_by uuid,
    issued_by uuid not null,
    issued_at timestamptz not null,
    version int8 not null default 1,
    constraint report_card_pkey primary key (unit_id, id),
    constraint report_card_evaluation foreign key (unit_id, evaluation_id)
        references sanjeh.evaluation (issuer_unit_id, id),
    constraint report_card_no_once unique (unit_id, issuer_scope_id, no),
    constraint report_card_no_fork unique (unit_id, issuer_scope_id, prev_sha256),
    constraint report_card_link unique (unit_id, issuer_scope_id, no, sha256),
    constraint report_card_follows foreign key (unit_id, issuer_scope_id, former_no, prev_sha256)
        references sanjeh.report_card (unit_id, issuer_scope_id, no, sha256),
    constraint report_card_first_from_zero check (no > 1 or prev_sha256 = decode(repeat('00', 32), 'hex')),
    constraint report_card_supersedes_card foreign key (unit_id, supersedes) references sanjeh.report_card (unit_id, id),
    constraint report_card_superseded_card foreign key (unit_id, superseded_by) references sanjeh.report_card (unit_id, id)
        deferrable initially deferred
);
comment on column sanjeh.report_card.owner_unit_id is 'process owner of the evaluation: reads issued cards, writes none';
comment on column sanjeh.report_card.signature is 'C2SP signed note: format, evaluation, number, former and own SHA-256';
comment on column sanjeh.report_card.test is 'issued while a test clock ran: the card says so and proves nothing';
create unique index report_card_one_in_force on sanjeh.report_card (unit_id, evaluation_id) where superseded_by is null;
create index report_card_by_judge on sanjeh.report_card (judge_id, id);
create index report_card_by_owner on sanjeh.report_card (owner_unit_id, id);
select sanjeh.protect_file('sanjeh.report_card', 'e.issued_at is not null', 'e.issued_at is not null');
-- protect_file's rule and the process owner's reading beside it; only the issuer writes (no seat, no judge, no system).
alter policy file_read on sanjeh.report_card using (
    array[issuer_scope_id, owner_unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (array[judge_id] && (select sanjeh.scope_ids()) and exists (select from sanjeh.evaluation as e
        where e.id = report_card.evaluation_id and e.issued_at is not null))
    or exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id
        where s.evaluation_id = report_card.evaluation_id and s.ended_at is null
            and s.capacity not in ('court_head', 'reviewer', 'observer')
            and array[s.account_id] && (select sanjeh.scope_ids()) and e.issued_at is not null));
alter policy file_add on sanjeh.report_card with check (array[issuer_scope_id] && (select sanjeh.scope_ids()));
alter policy file_change on sanjeh.report_card using (array[issuer_scope_id] && (select sanjeh.scope_ids()))
    with check (array[issuer_scope_id] && (select sanjeh.scope_ids()));
grant select, insert, update (superseded_by, version) on sanjeh.report_card to sanjeh_app;

create table sanjeh.report_card_part (
    unit_id uuid not null,
    id uuid not null,
    card_id uuid not null,
    no int4 not null constraint report_card_part_no_range check (no between 1 and 32),
    body_ct bytea not null,
    constraint report_card_part_pkey primary key (unit_id, id),
    constraint report_card_part_once unique (unit_id, card_id, no),
    constraint report_card_part_card foreign key (unit_id, card_id) references sanjeh.report_card (unit_id, id)
);
alter table sanjeh.report_card_part enable row level security;
alter table sanjeh.report_card_part force row level security;
create policy part_read on sanjeh.report_card_part for select using (
    cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists (select from sanjeh.report_card as c
        where c.unit_id = report_card_part.unit_id and c.id = report_card_part.card_id));
create policy part_add on sanjeh.report_card_part for insert with check (
    exists (select from sanjeh.report_card as c where c.unit_id = report_card_part.unit_id
        and c.id = report_card_part.card_id and array[c.issuer_scope_id] && (select sanjeh.scope_ids())));
grant select, insert on sanjeh.report_card_part to sanjeh_app;
