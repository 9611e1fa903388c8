-- SPDX-License-Identifier: Apache-2.0
--
-- Why: analysts work on groups of ten judges at least (DOMAIN d, rule 13), and a scientific package is not released while a cell is about
--   fewer, while a check for a subgroup's bias is open, or when somebody reviewed his own work (rule 16). There were neither.
-- Locks: none on existing tables. Time: immediate. Retreat: drop the tables package* and the functions named here.

-- Groups of judges by one property, with the mean of an indicator's value. A cell of fewer than ten judges is empty; and where one is, so
-- are the smallest of the others until those that are empty are two at least and about ten judges at least: what is shown, taken
-- from the whole, tells nothing of fewer. The value never leaves this function otherwise. Court and province are those of the last
-- posting in the period. Not definer: it sees what its caller's context sees, which is all values with scope EVALUATION alone.
create function sanjeh.aggregates(p_indicator text, p_from date, p_to date, p_by text)
  returns table (group_key text, n int8, mean numeric, spread numeric) language sql stable set search_path = pg_catalog, pg_temp
as $$
    with judged as (
        select v.judge_id, avg(v.value) as value
        from sanjeh.indicator_value as v join sanjeh.indicator as i on i.id = v.indicator_id
        where i.code = p_indicator and v.period_from = p_from and v.period_to = p_to and v.in_force and v.value is not null
            and v.judge_id is not null
        group by v.judge_id
    ), cells as (
        select coalesce(case p_by when 'all' then 'all' when 'sex' then j.sex when 'judicial_base' then j.judicial_base::text
                when 'court_kind' then c.kind when 'province' then c.province end, 'unknown') as group_key,
            count(*) as n, avg(g.value) as mean, stddev_samp(g.value) as spread
        from judged as g join sanjeh.judge as j on j.id = g.judge_id
        left join lateral (select c.kind, c.province from sanjeh.posting as p join sanjeh.court as c on c.id = p.court_id
            where p.judge_id = j.id and p.posted_from <= p_to and (p.posted_to is null or p.posted_to >= p_from)
            order by p.posted_from desc, p.id limit 1) as c on true
        group by 1
    ), ranked as (
        select c.*, count(*) over smaller as smaller_cells, coalesce(sum(c.n) over smaller, 0) as smaller_judges,
            min(c.n) over () < 10 as has_small
        from cells as c
        window smaller as (order by c.n, c.group_key rows between unbounded preceding and 1 preceding)
    )
    select r.group_key, case when is_shown then r.n end, case when is_shown then round(r.mean, 4) end,
        case when is_shown then round(r.spread, 4) end
    from ranked as r, lateral (select r.n >= 10 and not (r.has_small and (r.smaller_cells < 2 or r.smaller_judges < 10)) as is_shown) as s
    order by r.group_key
$$;
grant execute on function sanjeh.aggregates(text, date, date, text) to sanjeh_app;

-- A package: a question, its method and its figures, reviewed for method and for the unit, released in editions. round grows when a
-- review sends it back, so that an older review counts no more.
create table sanjeh.package (
    unit_id uuid not null references sanjeh.unit (id),
    id uuid not null,
    code text not null constraint package_code_form check (code ~ '^[A-Z0-9][A-Z0-9._-]{0,31}$'),
    edition int4 not null constraint package_edition_positive check (edition > 0),
    title_fa text not null constraint package_title_fa_length check (octet_length(title_fa) between 1 and 400),
    title_en text not null constraint package_title_en_length check (octet_length(title_en) between 1 and 400),
    question text not null constraint package_question_length check (octet_length(question) between 1 and 4000),
    method text not null constraint package_method_length check (octet_length(method) between 1 and 8000),
    limits text not null constraint package_limits_length check (octet_length(limits) between 1 and 8000),
    recommendations text constraint package_recommendations_length check (octet_length(recommendations) between 1 and 8000),
    indicators text[] not null constraint package_indicators_count check (cardinality(indicators) between 1 and 16),
    period_from date not null,
    period_to date not null,
    grouped_by text not null
        constraint package_grouped_by_known check (grouped_by in ('all', 'sex', 'judicial_base', 'court_kind', 'province')),
    state text not null default 'draft' constraint package_state_known
        check (state in ('draft', 'methods_review', 'unit_review', 'classified', 'released', 'withdrawn')),
    round int4 not null default 1 constraint package_round_positive check (round > 0),
    computed_at timestamptz,
    released_at timestamptz,
    content_sha256 bytea constraint package_hash_is_sha256 check (octet_length(content_sha256) = 32),
    withdrawn_reason text constraint package_withdrawn_reason_length check (octet_length(withdrawn_reason) between 1 and 2000),
    version int8 not null default 1,
    created_at timestamptz not null default sanjeh.clock_now(),
    constraint package_pkey primary key (unit_id, id),
    constraint package_edition_once unique (unit_id, code, edition),
    constraint package_period_order check (period_from <= period_to),
    constraint package_released_whole check ((state in ('released', 'withdrawn')) = (released_at is not null)
        and (released_at is null) = (content_sha256 is null)),
    constraint package_withdrawn_has_reason check ((state = 'withdrawn') = (withdrawn_reason is not null))
);
create index package_by_id on sanjeh.package (id);
select sanjeh.protect('sanjeh.package', system_scopes => array['00000000-0000-8000-8000-000000000006'::uuid]);
alter policy unit_select on sanjeh.package using (
    array[unit_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids())
    or (state in ('released', 'withdrawn') and cardinality((select sanjeh.scope_ids())::uuid[]) > 0));
grant select, insert, update (title_fa, title_en, question, method, limits, recommendations, indicators, period_from, period_to, grouped_by,
    state, round, computed_at, released_at, content_sha256, withdrawn_reason, version) on sanjeh.package to sanjeh_app;

-- Everybody who has written in it; by person, because an account is only one of his.
create table sanjeh.package_author (
    unit_id uuid not null,
    package_id uuid not null,
    person_id uuid not null,
    account_id uuid not null,
    constraint package_author_pkey primary key (unit_id, package_id, person_id),
    constraint package_author_package foreign key (unit_id, package_id) references sanjeh.package (unit_id, id)
);
select sanjeh.protect('sanjeh.package_author', system_scopes => array['00000000-0000-8000-8000-000000000006'::uuid]);
grant select, insert on sanjeh.package_author to sanjeh_app;

-- n null: fewer than ten judges, or empty beside such a cell.
create table sanjeh.package_cell (
    unit_id uuid not null,
    package_id uuid not null,
    indicator text not null,
    group_key text not null,
    n int8 constraint package_cell_is_ten check (n >= 10),
    mean numeric,
    spread numeric,
    constraint package_cell_pkey primary key (unit_id, package_id, indicator, group_key),
    constraint package_cell_package foreign key (unit_id, package_id) references sanjeh.package (unit_id, id),
    constraint package_cell_whole check ((n is null) = (mean is null))
);
select sanjeh.protect('sanjeh.package_cell', system_scopes => array['00000000-0000-8000-8000-000000000006'::uuid]);
grant select, insert, delete on sanjeh.package_cell to sanjeh_app;

-- Do women and men differ in an indicator by 0.2 of its spread or more (Cohen: small)? Then, or where it cannot be known, somebody else than
-- the authors says what that means before the package goes out (safeguard S15).
create table sanjeh.package_bias (
    unit_id uuid not null,
    package_id uuid not null,
    indicator text not null,
    gap numeric,
    state text not null constraint package_bias_state_known check (state in ('clear', 'open', 'reviewed')),
    reviewed_by uuid,
    note text constraint package_bias_note_length check (octet_length(note) between 1 and 4000),
    constraint package_bias_pkey primary key (unit_id, package_id, indicator),
    constraint package_bias_package foreign key (unit_id, package_id) references sanjeh.package (unit_id, id),
    constraint package_bias_reviewed_whole check ((state = 'reviewed') = (reviewed_by is not null) and (reviewed_by is null) = (note is null)),
    constraint package_bias_clear_is_known check (state <> 'clear' or gap is not null)
);
comment on column sanjeh.package_bias.gap is 'difference of the means over the whole spread; null: a group is too small';
select sanjeh.protect('sanjeh.package_bias', system_scopes => array['00000000-0000-8000-8000-000000000006'::uuid]);
grant select, insert, delete, update (state, reviewed_by, note) on sanjeh.package_bias to sanjeh_app;

create table sanjeh.package_review (
    unit_id uuid not null,
    package_id uuid not null,
    round int4 not null,
    kind text not null constraint package_review_kind_known check (kind in ('methods', 'unit')),
    account_id uuid not null,
    person_id uuid not null,
    approves boolean not null,
    note text not null constraint package_review_note_length check (octet_length(note) between 1 and 4000),
    at timestamptz not null default sanjeh.clock_now(),
    constraint package_review_pkey primary key (unit_id, package_id, round, kind),
    constraint package_review_package foreign key (unit_id, package_id) references sanjeh.package (unit_id, id)
);
select sanjeh.protect('sanjeh.package_review', system_scopes => array['00000000-0000-8000-8000-000000000006'::uuid]);
grant select, insert on sanjeh.package_review to sanjeh_app;

-- What is seen with the package is seen as the package is.
do $do$
declare
    part text;
begin
    foreach part in array array['package_author', 'package_cell', 'package_bias', 'package_review'] loop
        execute format('alter policy unit_select on sanjeh.%I using (cardinality((select sanjeh.scope_ids())::uuid[]) > 0 and exists '
            '(select from sanjeh.package as p where p.unit_id = %I.unit_id and p.id = %I.package_id))', part, part, part);
    end loop;
end
$do$;

-- Has the person of this account written in any edition of the package's code?
create function sanjeh.package_written_by(owner_unit uuid, package uuid, account uuid) returns boolean language sql stable
    set search_path = pg_catalog, pg_temp
as $$
    select exists (select from sanjeh.package as p join sanjeh.package as e on e.unit_id = p.unit_id and e.code = p.code
        join sanjeh.package_author as a on a.unit_id = e.unit_id and a.package_id = e.id
        where p.unit_id = owner_unit and p.id = package
            and (a.account_id = account or a.person_id = sanjeh.person_of(account) or sanjeh.person_of(a.account_id) = sanjeh.person_of(account)))
$$;
grant execute on function sanjeh.package_written_by(uuid, uuid, uuid) to sanjeh_app;

-- What keeps a package from being released; empty: nothing.
create function sanjeh.package_unmet(owner_unit uuid, package uuid) returns text[] language sql stable set search_path = pg_catalog, pg_temp
as $$
    select array_remove(array[
        case when not exists (select from sanjeh.package_cell as c where c.unit_id = owner_unit and c.package_id = package)
            then 'NOT_COMPUTED' end,
        case when exists (select from sanjeh.package_cell as c where c.unit_id = owner_unit and c.package_id = package and c.n is null)
            then 'CELL_BELOW_K' end,
        case when exists (select from sanjeh.package_bias as b where b.unit_id = owner_unit and b.package_id = package and b.state = 'open')
            then 'BIAS_CHECK_OPEN' end,
        case when (select count(distinct sanjeh.person_of(r.account_id)) from sanjeh.package_review as r join sanjeh.package as p on p.unit_id = r.unit_id and p.id = r.package_id
                where r.unit_id = owner_unit and r.package_id = package and r.round = p.round and r.approves) < 2
            then 'REVIEW_MISSING' end,
        case when exists (select from sanjeh.package_review as r join sanjeh.package as p on p.unit_id = r.unit_id and p.id = r.package_id
                where r.unit_id = owner_unit and r.package_id = package and r.round = p.round
                    and sanjeh.package_written_by(owner_unit, package, r.account_id))
            or exists (select from sanjeh.package_bias as b where b.unit_id = owner_unit and b.package_id = package
                and b.reviewed_by is not null and sanjeh.package_written_by(owner_unit, package, b.reviewed_by))
            then 'REVIEWER_IS_AUTHOR' end], null)
$$;
grant execute on function sanjeh.package_unmet(uuid, uuid) to sanjeh_app;

-- What a release is the hash of: everything that is shown.
create function sanjeh.package_content(owner_unit uuid, package uuid) returns jsonb language sql stable set search_path = pg_catalog, pg_temp
as $$
    select jsonb_build_object('code', p.code, 'edition', p.edition, 'title_fa', p.title_fa, 'title_en', p.title_en, 'question', p.question,
        'method', p.method, 'limits', p.limits, 'recommendations', p.recommendations, 'indicators', to_jsonb(p.indicators),
        'period_from', p.period_from, 'period_to', p.period_to, 'grouped_by', p.grouped_by,
        'cells', coalesce((select jsonb_agg(jsonb_build_object('indicator', c.indicator, 'group', c.group_key, 'n', c.n,
                'mean', c.mean::text, 'spread', c.spread::text) order by c.indicator, c.group_key)
            from sanjeh.package_cell as c where c.unit_id = p.unit_id and c.package_id = p.id), '[]'),
        'bias_checks', coalesce((select jsonb_agg(jsonb_build_object('indicator', b.indicator, 'subgroup', 'sex', 'gap', b.gap::text,
                'state', b.state, 'note', b.note) order by b.indicator)
            from sanjeh.package_bias as b where b.unit_id = p.unit_id and b.package_id = p.id), '[]'),
        'reviews', coalesce((select jsonb_agg(jsonb_build_object('kind', r.kind, 'account_id', r.account_id, 'approves', r.approves,
                'note', r.note, 'at', sanjeh.rfc3339(r.at)) order by r.kind)
            from sanjeh.package_review as r where r.unit_id = p.unit_id and r.package_id = p.id and r.round = p.round), '[]'),
        'authors', coalesce((select jsonb_agg(a.account_id order by a.account_id)
            from sanjeh.package_author as a where a.unit_id = p.unit_id and a.package_id = p.id), '[]'))
    from sanjeh.package as p where p.unit_id = owner_unit and p.id = package
$$;
grant execute on function sanjeh.package_content(uuid, uuid) to sanjeh_app;

create function sanjeh.package_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if new.state <> old.state and (old.state, new.state) not in (('draft', 'methods_review'), ('methods_review', 'unit_review'),
        ('methods_review', 'draft'), ('unit_review', 'classified'), ('unit_review', 'draft'), ('classified', 'draft'),
        ('classified', 'released'), ('released', 'withdrawn')) then
        raise exception 'no move from % to %', old.state, new.state using errcode = 'check_violation', constraint = 'package_move_exists';
    end if;
    if new.state = 'draft' and old.state <> 'draft' and new.computed_at is not null then
        raise exception 'figures of another round count no more' using errcode = 'check_violation', constraint = 'package_computed_anew';
    end if;
    if old.state <> 'draft' and (to_jsonb(new) - array['computed_at', 'state', 'round', 'version', 'released_at', 'content_sha256', 'withdrawn_reason'])
        is distinct from (to_jsonb(old) - array['computed_at', 'state', 'round', 'version', 'released_at', 'content_sha256', 'withdrawn_reason']) then
        raise exception 'a package under review stays as it is' using errcode = 'check_violation', constraint = 'package_stays';
    end if;
    if new.round <> old.round + (case when new.state = 'draft' and old.state <> 'draft' then 1 else 0 end) then
        raise exception 'a round ends when a package goes back' using errcode = 'check_violation', constraint = 'package_round_grows';
    end if;
    if (old.state, new.state) in (('methods_review', 'unit_review'), ('unit_review', 'classified')) and not exists (
        select from sanjeh.package_review as r where r.unit_id = new.unit_id and r.package_id = new.id and r.round = new.round and r.approves
            and r.kind = case old.state when 'methods_review' then 'methods' else 'unit' end) then
        raise exception 'nobody has approved' using errcode = 'check_violation', constraint = 'package_reviewed';
    end if;
    if old.state = 'draft' and new.state = 'methods_review' and (new.computed_at is null or not exists (
        select from sanjeh.package_cell as c where c.unit_id = new.unit_id and c.package_id = new.id)) then
        raise exception 'there are no figures' using errcode = 'check_violation', constraint = 'package_computed';
    end if;
    if new.state = 'released' and old.state = 'classified' then
        if cardinality(sanjeh.package_unmet(new.unit_id, new.id)) > 0 then
            raise exception 'unmet: %', sanjeh.package_unmet(new.unit_id, new.id)
                using errcode = 'check_violation', constraint = 'package_releasable';
        end if;
        if new.content_sha256 is distinct from sha256(convert_to(sanjeh.package_content(new.unit_id, new.id)::text, 'UTF8')) then
            raise exception 'the hash is of something else' using errcode = 'check_violation', constraint = 'package_hash_fits';
        end if;
    end if;
    return new;
end
$$;
create trigger package_keep before update on sanjeh.package for each row
    when (row_security_active('sanjeh.package'::regclass)) execute function sanjeh.package_keep();

-- Figures and checks change in a draft alone; a check is reviewed until the release.
create function sanjeh.package_part_keep() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
declare
    part record;
    found_state text;
begin
    if tg_op = 'DELETE' then part := old; else part := new; end if;
    select p.state into found_state from sanjeh.package as p where p.unit_id = part.unit_id and p.id = part.package_id for share;
    if found_state is null or tg_op = 'UPDATE' and found_state in ('draft', 'released', 'withdrawn')
        or tg_op <> 'UPDATE' and found_state <> 'draft' then
        raise exception 'figures of a package that is % stay', found_state
            using errcode = 'check_violation', constraint = 'package_part_stays';
    end if;
    return part;
end
$$;
create trigger package_cell_keep before insert or delete on sanjeh.package_cell for each row
    when (row_security_active('sanjeh.package_cell'::regclass)) execute function sanjeh.package_part_keep();
create trigger package_bias_keep before insert or update or delete on sanjeh.package_bias for each row
    when (row_security_active('sanjeh.package_bias'::regclass)) execute function sanjeh.package_part_keep();

-- A review is of what is asked for now, by somebody who has written nothing in it.
create function sanjeh.package_review_check() returns trigger language plpgsql set search_path = pg_catalog, pg_temp
as $$
begin
    if not exists (select from sanjeh.package as p where p.unit_id = new.unit_id and p.id = new.package_id and p.round = new.round
        and p.state = case new.kind when 'methods' then 'methods_review' else 'unit_review' end) then
        raise exception 'no such review is asked for' using errcode = 'check_violation', constraint = 'package_review_asked';
    end if;
    if sanjeh.package_written_by(new.unit_id, new.package_id, new.account_id) then
        raise exception 'a reviewer is no author' using errcode = 'check_violation', constraint = 'package_reviewer_is_no_author';
    end if;
    if exists (select from sanjeh.package_review as r where r.unit_id = new.unit_id and r.package_id = new.package_id and r.round = new.round
        and sanjeh.person_of(r.account_id) = sanjeh.person_of(new.account_id)) then
        raise exception 'two reviews are two persons' using errcode = 'check_violation', constraint = 'package_two_reviewers';
    end if;
    -- the method is looked at from outside, the unit answers for what it says
    if not new.account_id = any (sanjeh.scope_ids()) or (new.kind = 'unit') <> (new.unit_id = any (sanjeh.scope_ids())) then
        raise exception 'the method is reviewed in another unit, for the unit in its own'
            using errcode = 'check_violation', constraint = 'package_reviewer_unit';
    end if;
    return new;
end
$$;
create trigger package_review_check before insert on sanjeh.package_review for each row
    when (row_security_active('sanjeh.package_review'::regclass)) execute function sanjeh.package_review_check();
