-- One row beyond one unit, as in fact_list_seen.
select f.unit_id, f.id, f.judge_id, f.court_id, c.code, f.contribution_id, f.period_from, f.period_to,
    f.pending_start, f.filed, f.returned, f.transferred_in, f.transferred_out, f.resolved,
    f.pending_end, f.created_at, f.case_type, f.on_time, f.hearings, f.first_date_held, f.adjourned_no_ground,
    exists (select from sanjeh.data_issue d where d.fact_id = f.id and d.state = 'open')
from sanjeh.unit u
join sanjeh.workload_fact f on f.unit_id = u.id
left join sanjeh.court c on c.id = f.court_id
where f.id = $2::uuid
    and ($3::bool or f.unit_id = $1::uuid or f.judge_id in (select unnest((select sanjeh.readable_judges(1)))))
