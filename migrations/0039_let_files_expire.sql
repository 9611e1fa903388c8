-- SPDX-License-Identifier: Apache-2.0
--
-- Why: 0026 let marks, sheet, verdict and card of an old result expire for those who see the evaluation. Who had given up his seat, and the
--   office that drew the decisions, do not see it, and went on reading what is theirs by name. And the rest of the file told the same to
--   whoever once sat in it: what was served, the hearing's minutes, votes of an appeal, what the judge said to his result, the plan that
--   followed, answers of gates, who was challenged and why. It expires with it for everybody but the judge and the issuer; an office
--   keeps what it answered itself.
-- Locks: the tables named here for the moment of a policy. Time on big tables: none. A row that is neither judge's nor issuer's costs one
--   look into the index of archived evaluations.
-- Retreat: drop the policies named expired and put those of 0026 back.
create function sanjeh.file_has_expired(of_evaluation uuid) returns boolean language plpgsql stable security definer
    set search_path = pg_catalog, pg_temp
as $$
begin
    return exists (select from sanjeh.evaluation as e where e.id = of_evaluation and e.state = 'archived');
end
$$;
comment on function sanjeh.file_has_expired(uuid) is 'whether the evaluation is archived, also for who does not see it';
revoke execute on function sanjeh.file_has_expired(uuid) from public;
grant execute on function sanjeh.file_has_expired(uuid) to sanjeh_app;
do $do$
declare
    name text;
begin
    foreach name in array array['rating', 'draft', 'calibration_change', 'evaluation_score', 'verdict', 'report_card', 'decision_sample',
        'opinion_review', 'observation', 'evidence_item', 'reply', 'reply_point', 'appeal', 'self_assessment', 'acknowledgement',
        'appeal_vote', 'challenge', 'coi_declaration', 'conflict', 'disclosure', 'improvement_plan', 'interview', 'judge_statement',
        'plan_action', 'gate_answer'] loop
        execute format('drop policy if exists expired on sanjeh.%I', name);
        execute format('create policy expired on sanjeh.%I as restrictive for select using (array[judge_id, issuer_scope_id, %s'
            '''00000000-0000-8000-8000-000000000006''::uuid] && (select sanjeh.scope_ids()) or not sanjeh.file_has_expired(evaluation_id))',
            name, case when name = 'gate_answer' then 'scope_id, ' else '' end);
    end loop;
end
$do$;
drop function sanjeh.expired_files();
