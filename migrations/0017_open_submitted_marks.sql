-- SPDX-License-Identifier: Apache-2.0
--
-- Why: the rapporteur drafts from the members' marks before the move to drafted locks them. So the board sees all marks as soon
--   as every seat of it has submitted, and drafts are written from then on; until then each member sees only his own, as before.
--   Members of a board know each other, the sample office knows its reviewers. Drafts have versions: after calibration there is a further final one, the newest counts.
-- Locks: rating, draft, seat, board_member for the moment of a policy. Time on big tables: one unique index is dropped. Retreat: alter the policies back.

drop index sanjeh.draft_one_final;

create or replace function sanjeh.marks_missing(evaluation uuid) returns int8 language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select case when count(*) = 0 then 1 else count(*) filter (where not exists (select from sanjeh.rating as r
        where r.evaluation_id = e.id and r.round = e.round and r.account_id = m.account_id and r.submitted_at is not null)) end
    from sanjeh.evaluation as e
    join (select distinct s.evaluation_id, s.account_id from sanjeh.seat as s
        where s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur')) as m on m.evaluation_id = e.id
    where e.id = marks_missing.evaluation
$$;
comment on function sanjeh.marks_missing(uuid) is
    'seats of the first board that have not submitted in the present round, at least 1 when nobody sits; says nothing of the marks';

-- case, not and: for its owner the function must not ask the policy that asks it
do $do$
declare
    seen text := (select pg_get_expr(o.polqual, o.polrelid) from pg_policy as o
        where o.polrelid = 'sanjeh.rating'::regclass and o.polname = 'file_read');
    written text;
begin
    execute format('alter policy file_read on sanjeh.rating using ((%s) or case when current_user = %L then false '
        'else exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id '
            'where s.evaluation_id = rating.evaluation_id and s.ended_at is null '
            'and s.capacity in (''chair'', ''member'', ''rapporteur'') and e.state = ''rating'' '
            'and array[s.account_id] && (select sanjeh.scope_ids())) '
        'and sanjeh.marks_missing(rating.evaluation_id) = 0 end)', seen, 'sanjeh_owner');
    written := (select pg_get_expr(o.polwithcheck, o.polrelid) from pg_policy as o
        where o.polrelid = 'sanjeh.draft'::regclass and o.polname = 'file_add');
    execute format('alter policy file_add on sanjeh.draft with check ((%s) or (sanjeh.marks_missing(draft.evaluation_id) = 0 '
        'and exists (select from sanjeh.seat as s join sanjeh.evaluation as e on e.id = s.evaluation_id '
            'where s.evaluation_id = draft.evaluation_id and s.ended_at is null and s.capacity in (''chair'', ''rapporteur'') '
            'and e.state = ''rating'' and array[s.account_id] && (select sanjeh.scope_ids()))))', written);
end
$do$;
-- The issuer reads drafts, the board writes them.
create policy board_drafts on sanjeh.draft as restrictive for insert with check (exists (select from sanjeh.seat as s
    where s.evaluation_id = draft.evaluation_id and s.ended_at is null and s.capacity in ('chair', 'rapporteur')
        and array[s.account_id] && (select sanjeh.scope_ids())));

-- A seat sees its own row of seat, as before; whose marks count is told to those who sit on a board of the file by a function.
-- The members of a board know each other, or nobody could count a quorum. The sample office knows the reviewers of its files.
create function sanjeh.seated_in() returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(distinct s.evaluation_id), '{}') from sanjeh.seat as s
    where s.ended_at is null and s.account_id = any (sanjeh.scope_ids())
        and s.capacity not in ('reviewer', 'observer', 'court_head')
$$;
comment on function sanjeh.seated_in() is 'files in which an account of the context sits on a board';
create function sanjeh.raters_of(evaluation uuid) returns setof uuid language sql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
    select distinct s.account_id from sanjeh.seat as s
    where s.evaluation_id = raters_of.evaluation and s.ended_at is null and s.capacity in ('chair', 'member', 'rapporteur')
        and s.evaluation_id = any (sanjeh.seated_in())
$$;
comment on function sanjeh.raters_of(uuid) is 'accounts whose marks count in a file, for those who sit on a board of it';
grant execute on function sanjeh.raters_of(uuid) to sanjeh_app;
create function sanjeh.member_of() returns uuid[] language sql stable security definer set search_path = pg_catalog, pg_temp
as $$
    select coalesce(array_agg(distinct m.board_id), '{}') from sanjeh.board_member as m
    where m.removed_at is null and m.account_id = any (sanjeh.scope_ids())
$$;
comment on function sanjeh.member_of() is 'boards of which an account of the context is a member';
grant execute on function sanjeh.member_of() to sanjeh_app;
select sanjeh.open_to_definer('sanjeh.board_member');
do $do$
declare
    seen text := (select pg_get_expr(o.polqual, o.polrelid) from pg_policy as o
        where o.polrelid = 'sanjeh.seat'::regclass and o.polname = 'seat_read');
    named text := (select pg_get_expr(o.polqual, o.polrelid) from pg_policy as o
        where o.polrelid = 'sanjeh.board_member'::regclass and o.polname = 'board_member_read');
begin
    execute format('alter policy seat_read on sanjeh.seat using ((%s) or case when current_user = %L then false else '
        'capacity = ''reviewer'' and exists (select from sanjeh.sample_order as o where o.evaluation_id = seat.evaluation_id '
            'and array[o.office_unit_id] && (select sanjeh.scope_ids())) end)', seen, 'sanjeh_owner');
    execute format('alter policy board_member_read on sanjeh.board_member using ((%s) or case when current_user = %L then false '
        'else board_id = any ((select sanjeh.member_of())::uuid[]) end)', named, 'sanjeh_owner');
end
$do$;

-- 0008 let nobody submit: without a check of its own, the condition on the old row held for the new one too.
alter policy own_mark_changes on sanjeh.rating with check (array[account_id] && (select sanjeh.scope_ids()));
