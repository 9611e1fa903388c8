-- SPDX-License-Identifier: Apache-2.0
--
-- Why: one calendar drives every clock of an evaluation: holidays, the default lengths of clocks, the instant that counts as
--   now, and the end of a deadline (end of the day in Asia/Tehran, moved past holidays).
-- Locks: none, everything is new. Time on big tables: none. Retreat: drop the tables and functions named here.

create table sanjeh.holiday (
    day date not null,
    name_fa text not null constraint holiday_name_fa_length check (octet_length(name_fa) between 1 and 400),
    name_en text not null constraint holiday_name_en_length check (octet_length(name_en) between 1 and 400),
    source text not null constraint holiday_source_length check (octet_length(source) between 1 and 400),
    created_at timestamptz not null default now(),
    constraint holiday_pkey primary key (day)
);
comment on table sanjeh.holiday is 'official days off beside Fridays; reference data that everybody reads';
alter table sanjeh.holiday enable row level security;
alter table sanjeh.holiday force row level security;
create policy holiday_read on sanjeh.holiday for select using (true);
create policy holiday_add on sanjeh.holiday for insert
    with check (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
create policy holiday_remove on sanjeh.holiday for delete
    using (cardinality((select sanjeh.scope_ids())::uuid[]) > 0);
grant select, insert, delete on sanjeh.holiday to sanjeh_app;

-- Default clocks. days: calendar days ('calendar') or days that are neither Friday nor holiday ('working').
create table sanjeh.clock (
    code text not null constraint clock_code_form check (code ~ '^[a-z][a-z_]{2,31}$'),
    name_fa text not null,
    name_en text not null,
    days int4 not null constraint clock_days_range check (days between 1 and 400),
    day_kind text not null default 'calendar'
        constraint clock_day_kind_known check (day_kind in ('calendar', 'working')),
    holder text not null
        constraint clock_holder_known check (holder in ('judge', 'owner', 'issuer', 'board', 'appeal_board', 'unit')),
    escalates_to text
        constraint clock_escalates_known check (escalates_to in ('owner', 'issuer')),
    source text not null,
    constraint clock_pkey primary key (code)
);
comment on table sanjeh.clock is 'defaults; a cycle copies them (cycle_clock) and may change its copy until it is announced';
grant select on sanjeh.clock to sanjeh_app;
insert into sanjeh.clock (code, name_fa, name_en, days, day_kind, holder, escalates_to, source) values
    ('challenge', 'مهلت جرح ارزیاب', 'Challenge of evaluators', 10, 'calendar', 'judge', null, 'design default'),
    ('challenge_decision', 'مهلت رسیدگی به جرح', 'Decision on a challenge', 5, 'calendar', 'owner', 'owner', 'design default'),
    ('self_assessment', 'مهلت خودارزیابی', 'Self-assessment', 14, 'calendar', 'judge', null, 'Albania 98/2016 art 65'),
    ('contest', 'مهلت اعتراض به داده‌ها', 'Contest of own facts', 10, 'calendar', 'judge', null, 'design default'),
    ('issue_answer', 'مهلت پاسخ به ایراد داده', 'Answer to a data issue', 10, 'calendar', 'unit', 'owner', 'design default'),
    ('draft', 'مهلت تهیه پیش‌نویس', 'Draft of the board', 28, 'calendar', 'board', 'issuer', 'Albania 98/2016 art 65'),
    ('reply', 'مهلت پاسخ قاضی', 'Reply of the judge', 15, 'calendar', 'judge', null, 'Utah 15 days; Albania 2 weeks'),
    ('reply_extension', 'تمدید مهلت پاسخ', 'Extension of the reply', 10, 'calendar', 'judge', null, 'design default'),
    ('appeal', 'مهلت تجدیدنظرخواهی', 'Appeal', 30, 'calendar', 'judge', null, 'Supervision Law art 36'),
    ('appeal_decision', 'مهلت رسیدگی به تجدیدنظر', 'Decision on an appeal', 45, 'calendar', 'appeal_board', 'issuer', 'design default'),
    ('plan_action', 'مهلت اقدام بهبود', 'Action of an improvement plan', 90, 'calendar', 'judge', 'owner', 'design default');

-- How far the evaluation's clock runs ahead of the real one: empty in production. Only the owner writes it
-- (`sanjeh clock`, local, for tests); a server whose configuration does not say so refuses to start with a row here.
create table sanjeh.test_clock (
    only_row boolean not null default true constraint test_clock_one_row check (only_row),
    ahead interval not null constraint test_clock_forward check (ahead >= interval '0'),
    set_at timestamptz not null default clock_timestamp(),
    constraint test_clock_pkey primary key (only_row)
);
grant select on sanjeh.test_clock to sanjeh_app;

create function sanjeh.clock_now() returns timestamptz language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
as $$ select statement_timestamp() + coalesce((select t.ahead from sanjeh.test_clock as t), interval '0') $$;
grant execute on function sanjeh.clock_now() to sanjeh_app;

create function sanjeh.is_day_off(day date) returns boolean language sql stable parallel safe
    set search_path = pg_catalog, pg_temp
as $$ select extract(isodow from day) = 5 or exists (select from sanjeh.holiday as h where h.day = is_day_off.day) $$;
grant execute on function sanjeh.is_day_off(date) to sanjeh_app;

-- The last microsecond of a clock that starts at `start`: the day of the start does not count, the last day does, and
-- a last day that is off moves to the next that is not (CPC arts 443-445 in their plain reading).
create function sanjeh.deadline_of(start timestamptz, days int4, day_kind text) returns timestamptz
    language plpgsql stable parallel safe set search_path = pg_catalog, pg_temp
as $$
declare
    day date := (start at time zone 'Asia/Tehran')::date;
    left_days int4 := days;
begin
    if day_kind = 'calendar' then
        day := day + left_days;
    else
        while left_days > 0 loop
            day := day + 1;
            if not sanjeh.is_day_off(day) then
                left_days := left_days - 1;
            end if;
        end loop;
    end if;
    while sanjeh.is_day_off(day) loop
        day := day + 1;
    end loop;
    return ((day + 1)::timestamp at time zone 'Asia/Tehran') - interval '1 microsecond';
end
$$;
grant execute on function sanjeh.deadline_of(timestamptz, int4, text) to sanjeh_app;
