-- One row of the actor's unit.
select f.unit_id, f.id, f.judge_id, f.court_id, c.code, f.contribution_id, f.period_from, f.period_to,
    f.pending_start, f.filed, f.returned, f.transferred_in, f.transferred_out, f.resolved,
    f.pending_end, f.created_at, f.case_type, f.on_time, f.hearings, f.first_date_held, f.adjourned_no_ground,
    exists (select from sanjeh.data_issue d where d.fact_id = f.id and d.state = 'open')
from sanjeh.workload_fact f
left join sanjeh.court c on c.id = f.court_id
where f.unit_id = $1::uuid and f.id = $2::uuid
