-- Whose is the object that a path names? $1: its collection, $2: its id. Read with the server's own scope after a refusal.
select t.judge_id from sanjeh.evaluation as t where $1::text = 'evaluations' and t.id = $2::uuid
union all select t.judge_id from sanjeh.draft as t where $1::text = 'drafts' and t.id = $2::uuid
union all select t.judge_id from sanjeh.decision_sample as t where $1::text = 'samples' and t.id = $2::uuid
union all select t.judge_id from sanjeh.observation as t where $1::text = 'observations' and t.id = $2::uuid
union all select t.judge_id from sanjeh.conflict as t where $1::text = 'conflicts' and t.id = $2::uuid
union all select t.judge_id from sanjeh.challenge as t where $1::text = 'challenges' and t.id = $2::uuid
union all select t.judge_id from sanjeh.self_assessment as t where $1::text = 'self-assessments' and t.id = $2::uuid
union all select t.judge_id from sanjeh.evidence_item as t where $1::text = 'evidence' and t.id = $2::uuid
union all select t.judge_id from sanjeh.disclosure as t where $1::text = 'disclosures' and t.id = $2::uuid
union all select t.judge_id from sanjeh.reply as t where $1::text = 'replies' and t.id = $2::uuid
union all select t.judge_id from sanjeh.interview as t where $1::text = 'interviews' and t.id = $2::uuid
union all select t.judge_id from sanjeh.verdict as t where $1::text = 'verdicts' and t.id = $2::uuid
union all select t.judge_id from sanjeh.gate_answer as t where $1::text = 'gates' and t.id = $2::uuid
union all select t.judge_id from sanjeh.appeal as t where $1::text = 'appeals' and t.id = $2::uuid
union all select t.judge_id from sanjeh.improvement_plan as t where $1::text = 'plans' and t.id = $2::uuid
union all select t.judge_id from sanjeh.plan_action as t where $1::text = 'plan-actions' and t.id = $2::uuid
union all select t.judge_id from sanjeh.report_card as t where $1::text = 'report-cards' and t.id = $2::uuid
union all select t.judge_id from sanjeh.survey as t where $1::text = 'surveys' and t.id = $2::uuid and t.judge_id is not null
union all select t.judge_id from sanjeh.data_issue as t where $1::text = 'data-issues' and t.id = $2::uuid
union all select t.judge_id from sanjeh.posting as t where $1::text = 'postings' and t.id = $2::uuid
-- by the primary key, unit by unit: there are millions
union all select t.judge_id from sanjeh.unit as u
    cross join lateral (select f.judge_id from sanjeh.workload_fact as f where f.unit_id = u.id and f.id = $2::uuid limit 1) as t
    where $1::text = 'facts'
union all select t.judge_id from sanjeh.unit as u
    cross join lateral (select v.judge_id from sanjeh.indicator_value as v where v.unit_id = u.id and v.id = $2::uuid limit 1) as t
    where $1::text = 'indicator-values'
