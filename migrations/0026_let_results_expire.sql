-- SPDX-License-Identifier: Apache-2.0
--
-- Why: an old result expires: five years after it became final, was superseded or ended without evidence (the clock retention, to be
--   changed like every clock) the evaluation is archived by itself, and from then on marks, sheet, verdict and report card are the judge's
--   and the issuer's alone; whoever else once sat in the file no longer reads them.
-- Locks: the tables named here for the moment of a policy, evaluation while a small index is built. Time on big tables: none.
-- Retreat: drop the policies named expired and the row of clock.
alter table sanjeh.clock drop constraint clock_days_range;
alter table sanjeh.clock add constraint clock_days_range check (days between 1 and 36525);
alter table sanjeh.cycle_clock drop constraint cycle_clock_days_range;
alter table sanjeh.cycle_clock add constraint cycle_clock_days_range check (days between 1 and 36525);
insert into sanjeh.clock (code, name_fa, name_en, days, day_kind, holder, escalates_to, source) values
    ('retention', 'مدت نگهداری نتیجه', 'Keeping of a result', 1826, 'calendar', 'owner', null, 'design default: five years');

-- Asked by every statement on a file: the archived ones are found without looking at the others.
create index evaluation_archived on sanjeh.evaluation (id) where state = 'archived';
create function sanjeh.expired_files() returns uuid[] language plpgsql stable set search_path = pg_catalog, pg_temp
as $$
begin
    return array(select e.id from sanjeh.evaluation as e where e.state = 'archived'
        and not array[e.judge_id, e.issuer_scope_id, '00000000-0000-8000-8000-000000000006'::uuid] && (select sanjeh.scope_ids()));
end
$$;
comment on function sanjeh.expired_files() is 'archived evaluations that the context sees without being judge, issuer or the server itself';
revoke execute on function sanjeh.expired_files() from public;
grant execute on function sanjeh.expired_files() to sanjeh_app;
do $do$
declare
    name text;
begin
    foreach name in array array['rating', 'draft', 'calibration_change', 'evaluation_score', 'verdict', 'report_card', 'decision_sample',
        'opinion_review', 'observation', 'evidence_item', 'reply', 'reply_point', 'appeal', 'self_assessment'] loop
        execute format('create policy expired on sanjeh.%I as restrictive for select using '
            '(evaluation_id <> all ((select sanjeh.expired_files())::uuid[]))', name);
    end loop;
end
$do$;
